import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { backoff } from '../app/session/loop.js';
import { card, ready, scene, settle } from './scene.mjs';

test('nothing is asked while the page is hidden or offline', async () => {
  for (const away of [{ isVisible: false }, { isOnline: false }]) {
    const s = await scene(ready()).started();
    await s.page.become(away);
    s.log.length = 0;
    await s.clock.advance(60_000);
    assert.deepEqual(s.happened('POST device/inbox'), [], JSON.stringify(away));
    await s.page.become({ isVisible: true, isOnline: true });
    assert.ok(s.happened('POST device/inbox').length > 0);
  }
});

test('pages are read until there are no more, then news is waited for', async () => {
  const script = ready();
  const calls = [];
  let pages = 0;
  script.ops.call = (args) => { calls.push(`${args.after}/${args.wait}`); return { call: `${args.after}/${args.wait}` }; };
  script.ops.receive = () => (++pages < 3
    ? { more: true, after: `p${pages}`, listed: false, requests: [], refused: [], ended: [] }
    : { more: false, after: 'p3', listed: true, requests: [card()], refused: [], ended: [] });
  const s = await scene(script).started();
  assert.deepEqual(calls, ['/0', 'p1/0', 'p2/0', 'p3/10000']);
  assert.equal(s.model.listed, true);
});

test('a request expires on screen by the clock of the device', async () => {
  const s = await scene(ready()).started();
  s.actions.open('h1');
  await s.clock.advance(300_000);
  await settle();
  assert.equal(s.model.screen, 'outcome');
  assert.equal(s.model.outcome.how, 'expired');
  assert.deepEqual(s.model.requests, []);
  assert.equal(s.model.ended[0].hash, 'h1');
});

test('a request that was answered elsewhere leaves the screen by itself', async () => {
  const script = ready();
  const s = await scene(script).started();
  s.actions.open('h1');
  script.list.requests = [];
  script.list.ended = [{ hash: 'h1', path: 'prod/db', how: 'denied', by: 'bob', reason: 'not today' }];
  script.list.wake();
  await settle();
  assert.deepEqual([s.model.screen, s.model.outcome.how, s.model.outcome.by], ['outcome', 'denied', 'bob']);
});

test('an end that is told twice is shown once', async () => {
  const script = ready();
  const s = await scene(script).started();
  script.list.requests = [];
  script.list.ended = [{ hash: 'h1', path: 'prod/db', how: 'cancelled' }];
  for (let i = 0; i < 3; i++) {
    script.list.wake();
    await s.clock.advance(2000);
  }
  assert.deepEqual(s.model.ended.map(({ hash, how }) => [hash, how]), [['h1', 'cancelled']]);
});

test('each of these raises the alarm and stops everything', async () => {
  for (const name of ['roster_rolled_back', 'roster_forked', 'organisation_mismatch']) {
    const script = ready();
    script.ops.receive = () => { throw new Failure(name, 'compare'); };
    const s = await scene(script).started();
    assert.deepEqual([s.model.screen, s.model.alarm.name], ['alarm', name]);
    s.log.length = 0;
    await s.clock.advance(120_000);
    assert.deepEqual(s.happened('POST device/inbox'), []);
  }
});

test('a broker that is behind what this device has seen is an alarm', async () => {
  const script = ready();
  script.broker['POST device/inbox'] = () => { throw new Failure('roster_behind', 'fetch', 409); };
  script.ops.failed = () => ({ retry: false, error: { name: 'roster_rolled_back', text: 'shorter' } });
  const s = await scene(script).started();
  assert.equal(s.model.alarm.name, 'roster_rolled_back');
});

test('failures are retried later and later, and a success ends the complaint', async () => {
  const script = ready();
  let down = true;
  const inbox = script.broker['POST device/inbox'];
  script.broker['POST device/inbox'] = (body, signal) => {
    if (down) throw new Failure('broker_unreachable', 'no');
    return inbox(body, signal);
  };
  const s = await scene(script).started();
  assert.equal(s.model.reachable, false);
  await s.clock.advance(1000);
  await s.clock.advance(2000);
  assert.equal(s.happened('POST device/inbox').length, 3);
  down = false;
  await s.clock.advance(4000);
  assert.equal(s.model.reachable, true);
  assert.equal(s.model.requests.length, 1);
});

test('a stale call is told with a hint at the clock', async () => {
  const script = ready();
  script.broker['POST device/inbox'] = () => { throw new Failure('inbox_invalid', 'made at another time, the clocks differ by 5m', 400); };
  const s = await scene(script).started();
  assert.deepEqual([s.model.error.name, s.model.error.hint], ['inbox_invalid', 'clock']);
});

test('a broker that does not wait is not asked in a circle', async () => {
  const script = ready();
  script.broker['POST device/inbox'] = () => ({ sealed: 's' });
  const s = await scene(script).started();
  const before = s.happened('POST device/inbox').length;
  await settle();
  assert.equal(s.happened('POST device/inbox').length, before);
  assert.equal(before, 2);
  await s.clock.advance(200);
  assert.equal(s.happened('POST device/inbox').length, 4);
  await s.clock.advance(1900);
  assert.equal(s.happened('POST device/inbox').length, 4);
});

test('pauses grow to half a minute and no further', () => {
  assert.deepEqual([1, 2, 3, 6, 60].map((n) => backoff(n, () => 0)), [1000, 2000, 4000, 30_000, 30_000]);
  assert.equal(backoff(1, () => 1), 750);
});

test('a device that the organisation took back says so wherever one looks', async () => {
  const script = ready([]);
  const { receive } = script.ops;
  let alarm = { name: 'device_revoked', text: 'sign out here' };
  script.ops.receive = (args) => ({ ...receive(args), alarm });
  const s = await scene(script).started();
  assert.equal(s.model.revoked, 'device_revoked');
  await s.actions.show('settings');
  await settle();
  assert.deepEqual([s.model.screen, s.model.error, s.model.revoked], ['settings', null, 'device_revoked']);
  alarm = null;
  s.actions.retry();
  await settle();
  assert.equal(s.model.revoked, null);
});

test('a device that is admitted while the list of devices is looked at shows there', async () => {
  const script = ready([]);
  const { receive } = script.ops;
  const admitted = ['phone'];
  script.ops.receive = (args) => ({ ...receive(args), log: { seq: admitted.length } });
  script.ops.devices = () => admitted.map((id) => ({ id }));
  const s = await scene(script).started();
  await s.actions.show('devices');
  assert.deepEqual(s.model.devices, [{ id: 'phone' }]);
  admitted.push('tablet');
  script.list.wake();
  await settle();
  assert.deepEqual(s.model.devices, [{ id: 'phone' }, { id: 'tablet' }]);
});
