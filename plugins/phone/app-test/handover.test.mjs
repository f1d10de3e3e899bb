import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { ready, scene, settle } from './scene.mjs';

// A device that was answered, and whose core knows the words "one two".
async function answered(changes = {}) {
  const calls = [];
  const made = ready([], {
    ops: {
      handoverStart: () => ({ link: 'L', qr: {}, expires: '' }),
      handoverPoll: () => ({ call: 'poll' }),
      handoverOffered: () => ({ device: 'tablet' }),
      gesture: ({ purpose, typed }) => {
        if (purpose === 'handover' && typed !== 'one two') throw new Failure('offer_words_wrong', 'no');
        return { challenge: 'x', salt: 'y', credentialId: 'c' };
      },
      handoverGive: () => ({ call: 'give' }),
    },
    broker: {
      'POST device/handover': ({ call }) => { calls.push(call); return { state: calls.includes('give') ? 'given' : 'offered', offer: 'O' }; },
      ...changes.broker?.(calls),
    },
  });
  const s = await scene(made).started();
  await s.actions.addDevice();
  await settle();
  assert.equal(s.model.handover.step, 'offered');
  return { s, calls };
}

test('the words come from the new device, and are not in this one', async () => {
  const { s } = await answered();
  assert.equal(s.model.handover.device, 'tablet');
  assert.equal(s.model.handover.words, undefined);
});

test('wrong words ask for no gesture, and give nothing', async () => {
  const { s, calls } = await answered();
  await s.actions.giveDevice('one three');
  assert.equal(s.model.error.name, 'offer_words_wrong');
  assert.equal(s.happened('get()', 'handoverGive').length, 0);
  assert.ok(!calls.includes('give'));
  assert.equal(s.model.handover.step, 'offered');
  await s.actions.giveDevice('one two');
  await settle();
  assert.deepEqual([s.model.handover.step, s.model.error], ['given', null]);
  assert.equal(s.happened('get()').length, 1);
});

test('an answer that was lost is found by the next look', async () => {
  const lost = (calls) => ({
    'POST device/handover': ({ call }) => {
      calls.push(call);
      if (call === 'give') throw new Failure('broker_unreachable', 'no');
      return { state: calls.includes('give') ? 'given' : 'offered', offer: 'O' };
    },
  });
  const { s } = await answered({ broker: lost });
  await s.actions.giveDevice('one two');
  assert.equal(s.model.handover.step, 'offered');
  await s.clock.advance(1500);
  assert.deepEqual([s.model.handover.step, s.model.error], ['given', null]);
  assert.equal(s.happened('get()').length, 1);
});

test('no link is shown before the mailbox that it leads to is open', async () => {
  let open = () => {};
  const made = ready([], {
    ops: { handoverStart: () => ({ link: 'L', qr: {}, expires: '' }), handoverPoll: () => ({ call: 'poll' }) },
    broker: { 'POST device/handover': () => new Promise((resolve) => { open = () => resolve({ state: 'open', offer: '' }); }) },
  });
  const s = await scene(made).started();
  s.actions.addDevice();
  await settle();
  assert.deepEqual([s.happened('POST device/handover').length, s.model.handover], [1, null]);
  open();
  await settle();
  assert.deepEqual([s.model.screen, s.model.handover.link], ['add-device', 'L']);

  made.broker['POST device/handover'] = () => { throw new Failure('broker_unreachable', 'no'); };
  await s.actions.show('devices');
  await s.actions.addDevice();
  await settle();
  assert.deepEqual([s.model.screen, s.model.handover, s.model.error.name], ['devices', null, 'broker_unreachable']);
});
