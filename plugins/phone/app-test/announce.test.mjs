import test from 'node:test';
import assert from 'node:assert/strict';
import { announcements } from '../app/view/announce.js';

const model = (rest = {}) => ({ screen: 'sign-out', requests: [], busy: null, signedOut: false, now: 0, ...rest });

test('after signing out it is said that it is done, and no longer that it is under way', () => {
  const busy = model({ busy: 'Erasing everything on this device …' });
  assert.equal(announcements(model(), busy).said, 'Erasing everything on this device …');
  const done = announcements(busy, model({ signedOut: true }));
  assert.deepEqual([done.said, done.over], ['Signed out.', true]);
});

test('what is no longer under way is over, without a word', () => {
  const after = announcements(model({ busy: 'Sending…' }), model());
  assert.deepEqual([after.said, after.over], ['', true]);
  assert.equal(announcements(model(), model()).over, false);
});
