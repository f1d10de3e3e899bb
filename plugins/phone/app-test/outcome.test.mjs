import test from 'node:test';
import assert from 'node:assert/strict';
import { announcements } from '../app/view/announce.js';
import { outcomeText } from '../app/view/outcome-text.js';

const mine = (how, state) => ({ how, state, path: 'prod/db', requester: 'carol', counter: 3 });

test('only an answer that was taken is said to be one', () => {
  for (const [how, heading] of [['approved', 'Approved'], ['consented', 'Consent given'], ['denied', 'Denied']]) {
    assert.equal(outcomeText(mine(how, 'sent')).heading, heading);
    const unsent = outcomeText(mine(how, 'unsent'));
    assert.deepEqual([unsent.heading, unsent.mark], ['Not sent yet', 'none']);
    assert.equal(outcomeText(mine(how, 'refused')).heading, 'Not taken');
  }
});

test('a screen reader is told that an answer was not sent, and when it was', () => {
  const model = (screen, outcome) => ({ screen, outcome, requests: [], now: 0 });
  const before = model('request', null);
  const unsent = model('outcome', mine('approved', 'unsent'));
  assert.match(announcements(before, unsent).said, /^Not sent yet: your approval/);
  assert.equal(announcements(unsent, unsent).said, '');
  assert.equal(announcements(unsent, model('outcome', mine('approved', 'sent'))).said, 'carol gets prod/db.');
});

test('of a request that is gone without a word nobody is said to have answered it', () => {
  const { heading, sentence } = outcomeText({ how: 'elsewhere', path: 'prod/db' });
  assert.equal(heading, 'No longer waits');
  assert.doesNotMatch(sentence, /answered|approved|denied/i);
});
