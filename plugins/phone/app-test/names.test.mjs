import test from 'node:test';
import assert from 'node:assert/strict';
import { holdLink } from '../app/link.js';
import { namesOf } from '../app/names.js';

const at = (path) => namesOf(new URL(path, 'https://vault.example'));

test('no two copies of the app on an origin share a name', () => {
  const all = ['/', '/v1/a/app/', '/v1/a/app/x/', '/v1/b/app/', '/v1/a%20/app/', '/v1/A/app/'].map(at);
  const names = all.flatMap(({ database, lock, link }) => [database, lock, link]);
  assert.equal(new Set(names).size, names.length);
  for (const one of all) {
    for (const other of all) assert.equal(`${other.caches}1.0.0 b1`.startsWith(one.caches), one === other);
  }
});

test('an invitation waits for the copy that it was opened at', () => {
  const all = new Map();
  const storage = { getItem: (k) => all.get(k) ?? null, setItem: (k, v) => all.set(k, v), removeItem: (k) => all.delete(k) };
  const tab = (path, hash) => holdLink(at(path).link, { storage, location: { hash, pathname: path, search: '' }, history: { state: null, replaceState() {} } });
  const [a, b] = [tab('/v1/a/app/', '#invitation'), tab('/v1/b/app/', '')];
  assert.equal(a.take(), 'invitation');
  assert.equal(b.peek(), null);
  b.forget();
  assert.equal(a.peek(), 'invitation');
});
