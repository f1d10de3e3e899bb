import test from 'node:test';
import assert from 'node:assert/strict';
import { startCore } from '../app/core.js';

// A worker that answers by hand.
function worker() {
  const w = { sent: [], ended: false, postMessage: (m, transfer) => { w.sent.push(structuredClone(m, { transfer })); }, terminate: () => { w.ended = true; } };
  return w;
}

test('secrets are handed over, not copied', async () => {
  const w = worker();
  const prf = new Uint8Array(32).fill(7);
  const answer = startCore(() => w).call('approve', { hash: 'h' }, { prf });
  assert.equal(prf.length, 0, 'nothing of it is left here');
  assert.equal(w.sent[0].secrets.prf[31], 7);
  w.onmessage({ data: { id: w.sent[0].id, ok: { counter: 1 } } });
  assert.deepEqual(await answer, { counter: 1 });
});

test('answers find their calls, and errors keep their names', async () => {
  const w = worker();
  const core = startCore(() => w);
  const [one, two] = [core.call('open'), core.call('unsent')];
  w.onmessage({ data: { id: w.sent[1].id, ok: [] } });
  w.onmessage({ data: { id: w.sent[0].id, error: { name: 'stored_state_invalid', text: 'entry: stored_state_invalid: sign out' } } });
  assert.deepEqual(await two, []);
  await assert.rejects(one, { name: 'stored_state_invalid', text: 'sign out (entry)' });
});

test('a core that stopped answers nobody, and keeps no secret', async () => {
  const w = worker();
  const core = startCore(() => w);
  const pending = core.call('call');
  w.onerror();
  await assert.rejects(pending, { name: 'core_failed' });
  const prf = new Uint8Array(32).fill(7);
  await assert.rejects(core.call('approve', {}, { prf }), { name: 'core_failed' });
  assert.ok(w.ended && prf.every((b) => b === 0));
});
