import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { scene, settle } from './scene.mjs';

const link = { kind: 'ticket', name: 'alice', base: '', expires: '' };

// A core that keeps what the real one keeps: the link and the passkey before the
// sheet is confirmed, the device after.
function script(changes = {}) {
  return {
    ops: {
      open: ({ kept }) => {
        const common = { name: 'alice', deviceName: 'phone', base: '', rpId: 'vault.example', fingerprint: ['lusab'], unsent: 0, alarm: null, link: null, post: null };
        if (kept.ready) return { ...common, stage: 'ready' };
        if (kept.device) return { ...common, stage: 'waiting', post: { kind: 'enroll', enrolment: 'e1', token: kept.posted ? '' : 't', message: kept.posted ? '' : 'm' } };
        if (kept.draft) return { ...common, stage: 'made', link };
        if (kept.link) return { ...common, stage: 'linked', link };
        return { ...common, stage: 'empty' };
      },
      readLink: ({ fragment }, secrets, kept) => {
        if (kept.device) throw new Failure('already_enrolled', 'sign out first');
        return { ...link, keep: { link: fragment } };
      },
      abandon: (args, secrets, kept) => ({ keep: Object.fromEntries(Object.keys(kept).filter((key) => key !== 'link' || !args.link).map((key) => [key, null])) }),
      begin: () => ({ create: {}, salt: 's' }),
      made: () => ({ keep: { draft: 'd' } }),
      gesture: () => ({ challenge: 'x', salt: 'y', credentialId: 'c' }),
      wrap: () => ({ recoveryKey: 'RECOVERY', backup: '{}', backupName: 'b.json', sheet: {} }),
      confirm: () => ({ keep: { link: null, draft: null, device: 'x' } }),
      admitted: ({ state }) => ({ stage: 'waiting', keep: state === 'admitted' ? { init: '1' } : { posted: '1' } }),
      call: () => ({ call: '/0' }),
      receive: (args, secrets, kept) => ({ stage: 'ready', keep: kept.init ? { ready: '1' } : {}, more: false, after: '', requests: [], refused: [], ended: [], listed: true }),
      unsent: () => [],
      ...changes.ops,
    },
    broker: {
      'POST enroll/e1/answer': () => ({ state: 'answered', init: '' }),
      'GET enroll/e1/status': () => ({ state: 'answered', init: '' }),
      'POST device/inbox': () => ({ sealed: 's' }),
      ...changes.broker,
    },
    ...changes.more,
  };
}

const toSheet = async (s) => {
  await s.actions.start('phone');
  await s.actions.makePasskey();
  await s.actions.setPassword('some words that nobody knows');
  await settle();
};

test('from the link to the list', async () => {
  const s = await scene({ ...script(), fragment: 'sv1.x' }).started();
  assert.equal(s.model.screen, 'invited');
  assert.equal(s.link, null, 'the link leaves the tab as soon as it is kept');
  await toSheet(s);
  assert.equal(s.model.screen, 'sheet');
  assert.equal(s.happened('get()').length, 2);
  await s.actions.confirmSheet();
  await settle();
  assert.equal(s.model.screen, 'words');
  assert.equal(s.model.sheet, null);
  assert.ok(s.log.includes('persist'));
  s.routes['GET enroll/e1/status'] = () => ({ state: 'admitted', init: 'i' });
  await s.clock.advance(3000);
  assert.equal(s.model.screen, 'requests');
});

test('a reload before the sheet is confirmed goes on with the passkey that was made', async () => {
  const kept = {};
  const s = await scene({ ...script(), kept, fragment: 'sv1.x' }).started();
  await toSheet(s);
  const again = await scene({ ...script(), kept }).started();
  assert.equal(again.model.screen, 'passkey');
  assert.deepEqual(again.model.passkey, { made: true, evaluated: 0 });
  await again.actions.makePasskey();
  assert.equal(again.happened('create()').length, 0);
  assert.equal(again.model.screen, 'password');
});

test('after the sheet the same message is posted until the broker has it', async () => {
  const kept = {};
  const posted = [];
  const down = { 'POST enroll/e1/answer': (body) => { posted.push(body); throw new Failure('broker_unreachable', 'no'); } };
  const s = await scene({ ...script({ broker: down }), kept, fragment: 'sv1.x' }).started();
  await toSheet(s);
  await s.actions.confirmSheet();
  await settle();
  const again = await scene({ ...script({ broker: down }), kept }).started();
  assert.equal(again.model.screen, 'words');
  assert.equal(posted.length, 2);
  assert.deepEqual(posted[0], posted[1]);
  again.routes['POST enroll/e1/answer'] = (body) => { posted.push(body); return { state: 'answered', init: '' }; };
  await again.clock.advance(1000);
  assert.equal(posted.length, 3);
  await again.clock.advance(3000);
  assert.equal(posted.length, 3, 'once taken, its status is asked for');
  assert.ok(again.log.includes('GET enroll/e1/status'));
});

test('a password that is refused can be changed without new gestures', async () => {
  let tries = 0;
  const s = await scene({ ...script({ ops: { wrap: () => { if (++tries === 1) throw new Failure('password_unusable', 'empty'); return { recoveryKey: 'R' }; } } }), fragment: 'sv1.x' }).started();
  await toSheet(s);
  assert.deepEqual([s.model.screen, s.model.error.name], ['password', 'password_unusable']);
  await s.actions.setPassword('another one');
  await settle();
  assert.equal(s.model.screen, 'sheet');
  assert.equal(s.happened('get()').length, 2);
});

test('a PRF that changes is found before a password is asked for', async () => {
  let n = 0;
  const use = async () => ({ assertion: {}, prf: new Uint8Array(32).fill(n++) });
  const s = await scene({ ...script(), passkey: { use, make: async () => ({}) }, fragment: 'sv1.x' }).started();
  await s.actions.start('phone');
  await s.actions.makePasskey();
  await settle();
  assert.deepEqual([s.model.screen, s.model.error.name], ['passkey', 'prf_output_changed']);
  assert.deepEqual(s.model.passkey, { made: false, evaluated: 0 });
});

test('a gesture that is given up does not lose those before it', async () => {
  let n = 0;
  const use = async () => {
    if (++n === 2) throw new Failure('gesture_cancelled', 'again');
    return { assertion: {}, prf: new Uint8Array(32) };
  };
  const s = await scene({ ...script(), passkey: { use, make: async () => ({}) }, fragment: 'sv1.x' }).started();
  await s.actions.start('phone');
  await s.actions.makePasskey();
  await settle();
  assert.deepEqual(s.model.passkey, { made: true, evaluated: 1 });
  await s.actions.makePasskey();
  await settle();
  assert.equal(s.model.screen, 'password');
});

test('who lost every device begins again with recovery key and password', async () => {
  const posts = [];
  const changes = {
    ops: {
      kitToken: () => ({ token: 'kt' }), restore: ({ kit, base }) => ({ kind: 'restore', name: 'alice', base: '', kit, from: base }),
      confirm: () => ({ keep: { device: 'x' } }),
    },
    broker: { 'POST device/kit': (body) => { posts.push(body); return { kit: 'k', init: 'i' }; } },
  };
  const s = await scene(script(changes)).started();
  assert.equal(s.model.screen, 'welcome');
  await s.actions.restore(null, 'password', 'key');
  await settle();
  assert.deepEqual(posts, [{ token: 'kt' }]);
  assert.deepEqual([s.model.screen, s.model.link.kit, s.model.link.from], ['invited', 'k', 'https://vault.example/v1/stillvault']);
  await toSheet(s);
  assert.equal(s.model.screen, 'sheet');
});

test('a kit is posted along with the answer', async () => {
  const kept = { device: 'x' };
  const posted = [];
  const changes = { broker: { 'POST device/propose': (body) => { posted.push(body); return { state: 'proposed', init: '' }; } } };
  const made = script(changes);
  const open = made.ops.open;
  made.ops.open = (args) => ({ ...open(args), post: { kind: 'propose', certificate: 'c', kit: 'k', kitTokenHash: 'h' } });
  await scene({ ...made, kept }).started();
  assert.deepEqual(posted, [{ certificate: 'c', kit: 'k', kit_token_hash: 'h' }]);
});

test('a sheet that could not be kept is said to be worth nothing, and the passkey stays', async () => {
  const kept = {};
  const s = await scene({ ...script(), kept, fragment: 'sv1.x' }).started();
  await toSheet(s);
  s.store.full = true;
  await s.actions.confirmSheet();
  await settle();
  assert.equal(kept.device, undefined);
  assert.deepEqual([s.model.screen, s.model.sheet, s.model.busy], ['passkey', null, null]);
  assert.deepEqual(s.model.passkey, { made: true, evaluated: 0 });
  assert.equal(s.model.error.name, 'storage_full');
  assert.match(s.model.error.text, /worth nothing, so destroy the printed page/);

  s.store.full = false;
  await s.actions.makePasskey();
  await s.actions.setPassword('some words that nobody knows');
  await s.actions.confirmSheet();
  await settle();
  assert.equal(s.happened('create()').length, 1);
  assert.deepEqual([s.model.screen, s.model.error], ['words', null]);
});

test('a sheet that was kept though the browser said otherwise is good', async () => {
  const s = await scene({ ...script(), fragment: 'sv1.x' }).started();
  await toSheet(s);
  const { write } = s.store;
  s.store.write = async (changes) => {
    await write.call(s.store, changes);
    if (changes.device) throw new Failure('storage_failed', 'the browser lost track');
  };
  await s.actions.confirmSheet();
  await settle();
  assert.deepEqual([s.model.screen, s.model.error], ['words', null]);
});

test('who cannot even be told what is kept is offered to reload', async () => {
  const s = await scene({ ...script(), fragment: 'sv1.x' }).started();
  await toSheet(s);
  s.store.full = true;
  s.store.all = async () => { throw new Failure('storage_failed', 'gone'); };
  await s.actions.confirmSheet();
  await settle();
  assert.deepEqual([s.model.screen, s.model.sheet], ['loading', null]);
  assert.match(s.model.error.text, /worth nothing/);
  assert.ok(s.stopped > 0);
});

test('PRF bytes are gone from the page once the keyring is wrapped', async () => {
  const given = [];
  const use = async () => { const prf = new Uint8Array(32).fill(9); given.push(prf); return { assertion: {}, prf }; };
  const s = await scene({ ...script(), passkey: { use, make: async () => ({}) }, fragment: 'sv1.x' }).started();
  await toSheet(s);
  assert.equal(given.length, 2);
  for (const prf of given) assert.ok(prf.every((b) => b === 0));
});

test('the recovery key is in the model while its screen shows, and no longer', async () => {
  const s = await scene({ ...script(), fragment: 'sv1.x' }).started();
  await toSheet(s);
  assert.equal(s.model.sheet.recoveryKey, 'RECOVERY');
  await s.actions.confirmSheet();
  await settle();
  assert.ok(!JSON.stringify(s.model).includes('RECOVERY'));
});

test('another tab that takes over leaves nothing here', async () => {
  const s = await scene({ ...script(), fragment: 'sv1.x' }).started();
  await toSheet(s);
  s.session.lost();
  await settle();
  assert.equal(s.model.screen, 'elsewhere');
  assert.equal(s.stopped, 1);
  assert.ok(!JSON.stringify(s.model).includes('RECOVERY'));
});

test('signing out erases the store and what the browser holds', async () => {
  const kept = { device: 'x', ready: '1' };
  const s = await scene({ ...script(), kept }).started();
  await s.actions.signOut();
  await settle();
  assert.deepEqual(kept, {});
  assert.equal(s.erased, true);
  assert.deepEqual([s.model.screen, s.model.signedOut, s.model.me], ['sign-out', true, null]);
});
