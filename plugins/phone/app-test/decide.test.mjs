import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { card, ready, scene, settle } from './scene.mjs';

test('an approval is on disk before it is sent, with one gesture', async () => {
  const s = await scene(ready()).started();
  s.routes['POST device/answer'] = () => { assert.equal(s.kept['unsent/1'], 'x'); return { state: 'approved' }; };
  s.actions.open('h1');
  await s.actions.approve('h1');
  await settle();
  assert.equal(s.happened('get()').length, 1);
  assert.equal(s.model.screen, 'outcome');
  assert.deepEqual([s.model.outcome.how, s.model.outcome.state], ['approved', 'sent']);
  assert.equal(s.kept.sent, 'approved');
  assert.ok(s.log.includes('measure tap-to-sent'));
  assert.deepEqual(s.model.requests, []);
});

test('the request stays on screen while its answer is being sent', async () => {
  const s = await scene(ready()).started();
  let taken;
  s.routes['POST device/answer'] = () => new Promise((resolve) => { taken = () => resolve({ state: 'approved' }); });
  s.actions.open('h1');
  const done = s.actions.approve('h1');
  await settle();
  assert.deepEqual([s.model.screen, s.model.busy, s.model.answering?.hash], ['request', 'Sending …', 'h1']);
  assert.deepEqual(s.model.requests, [], 'it no longer waits');
  taken();
  await done;
  await settle();
  assert.deepEqual([s.model.screen, s.model.answering], ['outcome', null]);
});

test('a double tap asks for one gesture', async () => {
  const s = await scene(ready()).started();
  await Promise.all([s.actions.approve('h1'), s.actions.approve('h1'), s.actions.deny('h1', '')]);
  assert.equal(s.happened('get()').length, 1);
  assert.equal(s.happened('approve', 'deny').length, 1);
});

test('the page may be hidden while the authenticator asks', async () => {
  let finish;
  const t = await scene({ ...ready(), passkey: { use: () => new Promise((resolve) => { finish = () => resolve({ assertion: {}, prf: new Uint8Array(32) }); }) } }).started();
  const done = t.actions.approve('h1');
  await settle();
  await t.page.become({ isVisible: false });
  finish();
  await done;
  assert.equal(t.model.outcome.state, 'sent');
});

test('a full disk sends nothing and says so', async () => {
  const s = await scene(ready()).started();
  s.store.full = true;
  await s.actions.approve('h1');
  await settle();
  assert.equal(s.model.error.name, 'storage_full');
  assert.equal(s.happened('POST device/answer').length, 0);
  assert.equal(s.log.filter((e) => e === 'open').length, 2, 'the desk is opened again with what is stored');
});

test('a disk that can neither be written nor read stops the core', async () => {
  const s = await scene(ready()).started();
  s.store.full = true;
  s.store.all = async () => { throw new Failure('storage_failed', 'gone'); };
  await s.actions.approve('h1');
  await settle();
  assert.equal(s.model.error.name, 'storage_full');
  assert.equal(s.stopped, 1, 'what it believes of its ledger is on no disk');
  assert.equal(s.happened('POST device/answer').length, 0);
});

test('an answer that cannot be sent is kept, and sent first when the broker is back', async () => {
  const script = ready();
  const s = await scene(script).started();
  s.routes['POST device/answer'] = () => { throw new Failure('broker_unreachable', 'no network'); };
  await s.actions.deny('h1', 'no');
  await settle();
  assert.equal(s.model.outcome.state, 'unsent');
  assert.equal(s.model.reachable, false);
  s.ops.unsent = () => (s.kept['unsent/1'] ? [{ counter: 1, release: 'R', request: 'Q' }] : []);
  s.routes['POST device/answer'] = () => ({ state: 'denied' });
  s.log.length = 0;
  s.actions.retry();
  await settle();
  assert.equal(s.model.outcome.state, 'sent');
  assert.equal(s.kept.sent, 'denied');
  const first = s.log.filter((e) => e.startsWith('POST'))[0];
  assert.equal(first, 'POST device/answer');
});

test('an answer that is not taken yet does not keep new requests from the screen', async () => {
  const script = ready([card({ hash: 'h2' })], { ops: { unsent: () => [{ counter: 1, release: 'R', request: 'Q' }] }, broker: {
    'POST device/answer': () => { throw new Failure('internal', 'storage', 500); },
  } });
  const s = await scene(script).started();
  assert.deepEqual(s.model.requests.map(({ hash }) => hash), ['h2']);
  assert.equal(s.model.unsent, 1);
});

test('an answer that the broker refuses for good is not sent again', async () => {
  const s = await scene(ready()).started();
  s.routes['POST device/answer'] = () => { throw new Failure('request_expired', 'over', 410); };
  await s.actions.approve('h1');
  await settle();
  assert.deepEqual([s.model.outcome.state, s.model.outcome.error.name], ['refused', 'request_expired']);
  assert.equal(s.kept.sent, 'request_expired');
});

test('an answer that somebody else than the broker refuses is kept, and what waits is still read', async () => {
  for (const [name, status] of [['broker_path_missing', 404], ['broker_refused', 403], ['broker_refused', 400]]) {
    const s = await scene(ready()).started();
    s.routes['POST device/answer'] = () => { throw new Failure(name, 'not ours', status); };
    await s.actions.approve('h1');
    await settle();
    assert.deepEqual([s.model.outcome.state, s.model.unsent, s.kept.sent], ['unsent', 1, undefined], name);
    s.ops.unsent = () => [{ counter: 1, release: 'R', request: 'Q' }];
    s.log.length = 0;
    s.actions.retry();
    await settle();
    assert.ok(s.log.includes('POST device/inbox'), name);
    assert.equal(s.kept['unsent/1'], 'x', name);
  }
});

test('an answer that comes to a broker which lost a part of the log raises the alarm', async () => {
  const script = ready();
  script.ops.failed = () => ({ retry: false, error: { name: 'roster_rolled_back', text: 'shorter' } });
  const s = await scene(script).started();
  const behind = () => { throw new Failure('roster_behind', 'fetch', 409); };
  s.routes['POST device/answer'] = behind;
  s.routes['POST device/inbox'] = behind;
  await s.actions.deny('h1', 'no');
  await settle();
  s.ops.unsent = () => [{ counter: 1, release: 'R', request: 'Q' }];
  s.actions.retry();
  await settle();
  assert.equal(s.model.alarm?.name, 'roster_rolled_back');
});

test('consent comes before approval where the policy wants it', async () => {
  const purposes = [];
  const script = ready([card({ consentFirst: true })], { ops: { gesture: ({ purpose }) => { purposes.push(purpose); return {}; }, approve: () => ({ keep: {}, release: 'R', request: 'Q', counter: 1, consent: purposes.length === 1 }) } });
  const s = await scene(script).started();
  await s.actions.approve('h1');
  await settle();
  assert.equal(s.model.outcome.how, 'consented');
  assert.equal(s.model.requests[0].consented, true);
  await s.actions.approve('h1');
  assert.deepEqual(purposes, ['consent', 'approve']);
});

test('a gesture that is given up leaves the request as it was', async () => {
  const s = await scene({ ...ready(), passkey: { use: async () => { throw new Failure('gesture_cancelled', 'try again'); } } }).started();
  await s.actions.approve('h1');
  await settle();
  assert.equal(s.model.error.name, 'gesture_cancelled');
  assert.equal(s.model.requests.length, 1);
  assert.equal(s.model.busy, null);
});
