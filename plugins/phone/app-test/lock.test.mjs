import test from 'node:test';
import assert from 'node:assert/strict';
import { createLock } from '../app/lock.js';
import { settle } from './scene.mjs';

// The Web Locks API of one lock, as far as its specification matters here.
function lockManager() {
  let held = null;
  const queue = [];
  const grant = (entry) => {
    held = entry;
    Promise.resolve(entry.callback({ name: 'stillvault' })).then((v) => {
      if (held === entry) {
        held = null;
        const next = queue.shift();
        if (next) grant(next);
      }
      entry.resolve(v);
    });
  };
  return {
    request: (name, options, callback) => new Promise((resolve, reject) => {
      const entry = { callback, resolve, reject };
      const aborted = () => reject(new DOMException('robbed or given up', 'AbortError'));
      if (options.steal) {
        held?.reject(new DOMException('robbed', 'AbortError'));
        held = null;
        grant(entry);
      } else if (!held) grant(entry);
      else if (options.ifAvailable) Promise.resolve(callback(null)).then(resolve);
      else {
        queue.push(entry);
        options.signal?.addEventListener('abort', () => {
          if (queue.includes(entry)) queue.splice(queue.indexOf(entry), 1);
          aborted();
        });
      }
    }),
  };
}

function tab(locks) {
  const t = { state: 'new' };
  t.lock = createLock('stillvault /a/ lock', { gained: () => { t.state = 'at work'; }, lost: () => { t.state = 'lost'; }, busy: () => { t.state = 'waits'; } }, locks);
  return t;
}

test('one tab works, another takes over, and the first comes back when that one goes', async () => {
  const locks = lockManager();
  const [one, two] = [tab(locks), tab(locks)];
  one.lock.start();
  two.lock.start();
  await settle();
  assert.deepEqual([one.state, two.state], ['at work', 'waits']);
  two.lock.take();
  await settle();
  assert.deepEqual([one.state, two.state], ['lost', 'at work']);
  two.lock.release();
  await settle();
  assert.equal(one.state, 'at work');
});

test('a tab that waits goes on by itself when the other is closed', async () => {
  const locks = lockManager();
  const [one, two] = [tab(locks), tab(locks)];
  one.lock.start();
  two.lock.start();
  await settle();
  one.lock.release();
  await settle();
  assert.equal(two.state, 'at work');
});
