import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { nameSlip } from '../app/view/device-name.js';
import { scene, settle } from './scene.mjs';

function invited(status, ops = {}) {
  const link = { kind: 'ticket', id: 't1', name: 'alice', base: 'https://vault.elsewhere/v1/stillvault', expires: '' };
  return {
    kept: { link: 'sv1.x' },
    ops: { open: () => ({ stage: 'linked', name: 'alice', base: '', fingerprint: [], unsent: 0, alarm: null, link, post: null }), ...ops },
    broker: { 'GET enroll/t1/status': status },
  };
}

test('how the link stands is asked before anything is made', async () => {
  for (const state of ['waiting', 'answered', 'admitted', 'expired']) {
    const s = await scene(invited(() => ({ state, init: '' }))).started();
    assert.deepEqual([s.model.screen, s.model.standing.state, s.model.error], ['invited', state, null]);
  }
  const s = await scene(invited(() => { throw new Failure('enrolment_missing', 'no', 404); })).started();
  assert.equal(s.model.standing.state, 'missing');
});

test('a Vault that cannot be reached is asked again, and said to be at another origin', async () => {
  const s = await scene(invited(() => { throw new Failure('broker_unreachable', 'no'); })).started();
  const { state, error, far, own } = s.model.standing;
  assert.deepEqual([state, error.name, far, own], [null, 'broker_unreachable', true, 'https://vault.example']);
  s.routes['GET enroll/t1/status'] = () => ({ state: 'waiting', init: '' });
  await s.clock.advance(1000);
  assert.deepEqual([s.model.standing.state, s.model.standing.error], ['waiting', null]);
});

test('a name that the core refuses leads back to where it is typed', async () => {
  const s = await scene(invited(() => ({ state: 'waiting', init: '' }), { begin: () => { throw new Failure('device_name_invalid', 'no'); } })).started();
  await s.actions.start('a');
  await s.actions.makePasskey();
  await settle();
  assert.deepEqual([s.model.screen, s.model.error.name], ['invited', 'device_name_invalid']);
});

test('names of devices are refused as the core refuses them', () => {
  for (const name of ['phone', 'Smörgås 2', 'my ❤️ phone', 'x'.repeat(64)]) assert.equal(nameSlip(name), null, name);
  for (const name of ['', 'a\u202eb', 'a\u200bb', 'a\tb', 'a\u00a0b', 'a\u3164b', 'a\ud800b', 'x'.repeat(65), 'é'.repeat(33)]) assert.notEqual(nameSlip(name), null, JSON.stringify(name));
});
