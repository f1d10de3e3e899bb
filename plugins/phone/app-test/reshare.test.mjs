import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure } from '../app/failure.js';
import { ready, scene, settle } from './scene.mjs';

const anew = (changes = {}) => ({ hash: 's1', policy: 'production', pattern: 'prod/*', total: 5, done: 0, dealt: [], to: [], look: null, ...changes });

/** A core and a broker with five secrets to deal, two to a page. */
function dealing(changes = {}) {
  const script = ready([], changes);
  const { receive } = script.ops;
  script.left = 5;
  script.open = false;
  script.posted = [];
  Object.assign(script.ops, {
    receive: (args) => ({ ...receive(args), reshares: [anew({ done: 5 - script.left })], alarms: [] }),
    reshareBegin: () => { script.open = true; return { dealt: 0, refused: [] }; },
    reshareCall: () => ({ call: 'C/0' }),
    reshareLook: () => ({ reshares: [anew({ look: { from: [], joins: [], leaves: [], refused: [] } })] }),
    reshareDeal: () => {
      if (!script.open) throw new Failure('reshare_stopped', 'closed');
      const secrets = Math.min(2, script.left);
      script.left -= secrets;
      const counter = 5 - script.left;
      return { keep: { [`unsent/${counter}`]: 'x' }, answer: `A${counter}`, counter, secrets, more: script.left > 0, dealt: counter, refused: [] };
    },
    reshareEnd: () => { script.open = false; return {}; },
    sent: ({ counter, state }) => ({ keep: { [`unsent/${counter}`]: null, [`sent/${counter}`]: state } }),
  });
  Object.assign(script.broker, {
    'POST device/reshare': () => ({ sealed: 'p' }),
    'POST device/deal': ({ answer }) => { script.posted.push(answer); return { state: script.left ? 'open' : 'done', done: 5 - script.left, total: 5 }; },
    ...changes.broker,
  });
  return script;
}

test('one gesture deals page after page, each on disk before it is sent', async () => {
  const script = dealing();
  const s = await scene(script).started();
  const kept = [];
  const post = s.routes['POST device/deal'];
  s.routes['POST device/deal'] = (body) => { kept.push(s.kept[`unsent/${body.answer.slice(1)}`]); return post(body); };
  await s.actions.openReshare('s1');
  assert.ok(s.model.reshares[0].look, 'the first page was looked at');
  await s.actions.reshare('s1');
  await settle();
  assert.equal(s.happened('get()').length, 1);
  assert.deepEqual(script.posted, ['A2', 'A4', 'A5']);
  assert.deepEqual(kept, ['x', 'x', 'x']);
  assert.equal(s.kept['sent/5'], 'dealt');
  assert.equal(s.kept['unsent/5'], undefined);
  assert.deepEqual([s.model.screen, s.model.resharing.state, s.model.resharing.done, s.model.resharing.dealt], ['reshare', 'done', 5, 5]);
  assert.equal(script.open, false, 'the keyring is closed');
  assert.equal(s.model.busy, null);
  const steps = s.models.map(({ resharing }) => resharing?.done).filter((n) => n !== undefined);
  assert.deepEqual([...new Set(steps)], [0, 2, 4, 5]);
});

test('the keyring is closed when the page is hidden, and another gesture goes on', async () => {
  const script = dealing();
  const s = await scene(script).started();
  const post = s.routes['POST device/deal'];
  s.routes['POST device/deal'] = async (body) => {
    const taken = post(body);
    if (script.posted.length === 1) {
      s.page.become({ isVisible: false });
      await new Promise(() => {});
    }
    return taken;
  };
  s.actions.open('s1');
  await s.actions.reshare('s1');
  assert.deepEqual([s.model.resharing.state, s.model.resharing.error], ['stopped', null]);
  assert.equal(script.open, false);
  assert.equal(s.kept['unsent/2'], 'x', 'what was written down is sent again');
  await s.page.become({ isVisible: true });
  await s.actions.reshare('s1');
  assert.equal(s.happened('get()').length, 2);
  assert.deepEqual([s.model.resharing.state, script.open], ['done', false]);
});

test('a page that was left during the gesture deals nothing', async () => {
  const script = dealing();
  const s = await scene(script).started();
  const begin = script.ops.reshareBegin;
  script.ops.reshareBegin = (args) => { s.page.become({ isVisible: false }); return begin(args); };
  await s.actions.reshare('s1');
  assert.deepEqual([s.model.resharing.state, script.open, script.posted.length], ['stopped', false, 0]);
});

test('a person stops it, and approving goes on meanwhile', async () => {
  const script = dealing();
  const s = await scene(script).started();
  let go;
  s.routes['POST device/reshare'] = () => new Promise((resolve) => { go = () => resolve({ sealed: 'p' }); });
  const done = s.actions.reshare('s1');
  await settle();
  assert.deepEqual([s.model.resharing.state, s.model.busy], ['running', null]);
  await s.actions.reshare('s1');
  assert.equal(s.happened('reshareBegin').length, 1, 'it does not begin twice');
  s.actions.stopReshare();
  await done;
  assert.deepEqual([s.model.resharing.state, script.open], ['stopped', false]);
  go();
});

test('what may pass is tried again with the same gesture', async () => {
  const script = dealing();
  const s = await scene(script).started();
  const post = s.routes['POST device/deal'];
  let failures = 2;
  s.routes['POST device/deal'] = (body) => {
    if (failures-- > 0) throw new Failure('broker_unreachable', 'no network');
    return post(body);
  };
  const done = s.actions.reshare('s1');
  await settle();
  await s.clock.advance(1000);
  await s.clock.advance(2000);
  await done;
  assert.deepEqual([s.model.resharing.state, script.posted.length], ['done', 3]);
  assert.equal(s.happened('get()').length, 1);
});

test('what does not pass closes the keyring and is said', async () => {
  for (const [name, kept] of [['deal_invalid', undefined], ['broker_refused', 'x']]) {
    const script = dealing({ broker: { 'POST device/deal': () => { throw new Failure(name, 'no', 400); } } });
    const s = await scene(script).started();
    await s.actions.reshare('s1');
    assert.deepEqual([s.model.resharing.state, s.model.resharing.error.name, script.open], ['stopped', name, false]);
    assert.equal(s.kept['unsent/2'], kept, 'only what the broker refused for good is not sent again');
  }
});

test('what was not agreed to stops it, is shown, and takes another gesture', async () => {
  const script = dealing();
  const since = { from: [], joins: ['erin'], leaves: [], secrets: 0, agreed: 5 };
  const look = { from: [], joins: ['erin'], leaves: [], refused: [] };
  const deal = script.ops.reshareDeal;
  let agreed = false;
  script.ops.reshareDeal = (args) => {
    if (script.left === 3 && !agreed) {
      script.open = false;
      agreed = true;
      throw new Failure('reshare_unshown', 'more is shown now than when you agreed');
    }
    return deal(args);
  };
  script.ops.reshareEnd = () => { script.open = false; return { reshares: script.left ? [anew({ done: 2, look, since })] : [] }; };
  const s = await scene(script).started();
  const post = s.routes['POST device/deal'];
  s.routes['POST device/deal'] = async (body) => { await settle(); return post(body); };
  await s.actions.openReshare('s1');
  await s.actions.reshare('s1');
  assert.deepEqual([s.model.resharing.state, s.model.resharing.error.name, script.open], ['stopped', 'reshare_unshown', false]);
  assert.deepEqual([s.model.reshares[0].since, s.model.reshares[0].look.joins, s.model.reshares[0].done], [since, ['erin'], 2]);
  assert.deepEqual(script.posted, ['A2'], 'what was dealt before is sent');
  await s.actions.reshare('s1');
  assert.equal(s.happened('get()').length, 2);
  assert.deepEqual([s.model.resharing.state, script.left, script.open], ['done', 0, false]);
});

test('a look that failed is made again', async () => {
  const script = dealing();
  const s = await scene(script).started();
  const page = s.routes['POST device/reshare'];
  s.routes['POST device/reshare'] = () => { throw new Failure('broker_unreachable', 'no network'); };
  await s.actions.openReshare('s1');
  assert.deepEqual([s.model.reshares[0].look, s.model.error.name], [null, 'broker_unreachable']);
  s.routes['POST device/reshare'] = page;
  await s.actions.lookReshare('s1');
  assert.deepEqual([s.model.screen, s.model.reshares[0].look !== null], ['reshare', true]);
});

test('a re-share that others have finished is done', async () => {
  const script = dealing({ broker: { 'POST device/reshare': () => { throw new Failure('reshare_unknown', 'over', 410); } } });
  const s = await scene(script).started();
  await s.actions.reshare('s1');
  assert.deepEqual([s.model.resharing.state, script.open], ['done', false]);
});

test('deals that were not sent are sent with the next reading of the inbox', async () => {
  const script = dealing();
  script.ops.unsent = () => (script.posted.length === 0 ? [{ counter: 2, deal: 'A2', release: '', request: '' }] : []);
  const s = await scene(script).started();
  await settle();
  assert.deepEqual(script.posted, ['A2']);
  assert.equal(s.kept['sent/2'], 'dealt');
  assert.equal(s.happened('POST device/answer').length, 0);
});

test('an alarm stays until it is dismissed', async () => {
  const script = ready([]);
  const { receive } = script.ops;
  let alarms = [{ hash: 'a1', requester: 'carol', path: 'prod/db', decisions: [] }];
  script.ops.receive = (args) => ({ ...receive(args), alarms });
  script.ops.dismiss = ({ hash }) => { alarms = alarms.filter((a) => a.hash !== hash); return { keep: { dismissed: hash }, alarms }; };
  const s = await scene(script).started();
  assert.equal(s.model.alarms.length, 1);
  await s.actions.dismissAlarm('a1');
  assert.deepEqual([s.model.alarms, s.kept.dismissed], [[], 'a1']);
});

test('whom one mutes is quiet, and the card goes back to the list', async () => {
  const script = ready();
  script.ops.mute = ({ hash, what, for: span }) => ({
    keep: { muted: `${what}/${span}` }, mutes: [{ id: 'm', what, name: 'ci', until: 'later' }],
    requests: script.list.requests.map((c) => ({ ...c, muted: c.hash === hash ? 'later' : '' })),
  });
  const s = await scene(script).started();
  s.actions.open('h1');
  await s.actions.mute('h1', 'requester', 'hour');
  await settle();
  assert.deepEqual([s.model.screen, s.model.requests[0].muted, s.kept.muted], ['requests', 'later', 'requester/hour']);
});
