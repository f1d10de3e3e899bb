import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { scene, settle } from './scene.mjs';

// A device that was made and waits, with a link that may be opened besides.
function waiting(answer) {
  const link = { kind: 'ticket', name: 'alice', base: '', expires: '' };
  return {
    kept: { device: 'x' },
    ops: {
      open: ({ kept }) => ({
        stage: kept.device ? 'waiting' : kept.link ? 'linked' : 'empty', name: 'alice', base: '', fingerprint: kept.device ? ['lusab'] : [], unsent: 0, alarm: null,
        link: kept.link ? link : null, post: kept.device ? { kind: 'enroll', enrolment: 'e1', token: 't', message: 'm' } : null,
      }),
      readLink: ({ fragment }, secrets, kept) => {
        if (kept.device) throw new Failure('already_enrolled', 'sign out first');
        return { ...link, keep: { link: fragment } };
      },
      abandon: (args, secrets, kept) => ({ keep: Object.fromEntries(Object.keys(kept).map((key) => [key, null])) }),
    },
    broker: { 'POST enroll/e1/answer': answer },
  };
}

test('a link that somebody else used ends the wait, and one can start again', async () => {
  for (const name of ['enrolment_answered', 'enrolment_expired', 'enrolment_missing']) {
    const s = await scene(waiting(() => { throw new Failure(name, 'no', 409); })).started();
    assert.deepEqual([s.model.screen, s.model.closed], ['words', name]);
    await s.actions.startAgain();
    await settle();
    assert.deepEqual([s.model.screen, s.model.closed, s.model.error, s.kept], ['welcome', null, null, {}], name);
  }
});

test('a broker that is away is no end of the wait', async () => {
  const s = await scene(waiting(() => { throw new Failure('broker_unreachable', 'no'); })).started();
  assert.equal(s.model.closed, null);
  await s.actions.startAgain();
  await settle();
  assert.equal(s.model.screen, 'welcome');
  assert.equal(s.clock.sleeping(), 0, 'nothing is posted any more');
});

test('a new link replaces the enrolment that waits once the person has said so', async () => {
  const s = await scene({ ...waiting(() => ({ state: 'answered', init: '' })), fragment: 'sv1.new' }).started();
  assert.deepEqual([s.model.screen, s.model.replaces, s.model.error, s.kept], ['words', true, null, { device: 'x' }]);
  s.actions.keepWaiting();
  await settle();
  assert.deepEqual([s.model.replaces, s.kept], [null, { device: 'x' }]);
  await s.actions.paste('https://vault.example/app/#sv1.new');
  await s.actions.replace();
  await settle();
  assert.deepEqual([s.model.screen, s.model.replaces, s.kept], ['invited', null, { link: 'sv1.new' }]);
});
