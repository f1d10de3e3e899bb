import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { ready, scene } from './scene.mjs';

// A core that finds the kit "K" good, for the right key.
async function checking(kit, ops = {}) {
  const tokens = [];
  const s = await scene(ready([], {
    ops: {
      kitToken: () => ({ token: 'T' }),
      check: (args, { recovery }) => {
        if (new TextDecoder().decode(recovery) !== 'key') throw new Failure('wrong_factor', 'no');
        if (args.kit !== 'K') throw new Failure('kit_missing', 'no');
        return { ok: true };
      },
      ...ops,
    },
    broker: { 'POST device/kit': (body) => { tokens.push(body); return kit(); } },
  })).started();
  s.actions.show('check');
  return { s, tokens };
}

const none = () => { throw new Failure('kit_missing', 'the broker has none', 404); };

test('the check-up of the paper tries what Vault keeps', async () => {
  const { s, tokens } = await checking(() => ({ kit: 'K' }));
  await s.actions.check('password', 'key');
  assert.deepEqual([s.model.checked, s.model.error], ['password', null]);
  assert.deepEqual(tokens, [{ token: 'T' }], 'nothing but the token is sent');
});

test('the check-up of the passkey sends nothing', async () => {
  const { s, tokens } = await checking(none, { check: () => ({ ok: true }) });
  await s.actions.check();
  assert.equal(s.model.checked, 'passkey');
  assert.deepEqual(tokens, []);
});

test('a wrong key is called that, and not a missing kit', async () => {
  const { s } = await checking(none);
  await s.actions.check('password', 'another');
  assert.deepEqual([s.model.checked, s.model.error.name], [null, 'wrong_factor']);
});

test('where Vault keeps nothing, a backup can be saved', async () => {
  const file = { backup: '{}', backupName: 'b.json' };
  const { s } = await checking(none, { backup: () => file });
  await s.actions.check('password', 'key');
  assert.equal(s.model.error.name, 'kit_missing');
  assert.deepEqual(await s.actions.backup(), file);
  s.ops.backup = () => { throw new Failure('not_admitted', 'no'); };
  assert.equal(await s.actions.backup(), null);
  assert.equal(s.model.error.name, 'not_admitted');
});

test('a broker that cannot be asked proves nothing', async () => {
  const { s } = await checking(() => { throw new Failure('broker_unreachable', 'no'); });
  await s.actions.check('password', 'key');
  assert.deepEqual([s.model.checked, s.model.error.name], [null, 'broker_unreachable']);
});
