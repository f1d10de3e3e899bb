// What waits for this device: read while somebody looks at the page, and not
// otherwise. Unsent answers go first.
import { Failure, isAlarm, reworded } from '../failure.js';
import { repeat } from './loop.js';

const patience = 10_000; // ms that a call may wait at the broker for news
const between = 300; // ms between two readings at least
const calm = 2000; // ms, where the broker does not wait although nothing is new
const mostEnded = 20;

/**
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 * @param {{sendUnsent: (signal: AbortSignal) => Promise<void>}} decide
 * @returns {{start: () => void, list: (signal: AbortSignal) => Promise<{stage: string}>}} list reads everything once, the organisation's log first
 */
export function inbox(context, screens, decide) {
  const { env, model } = context;

  const told = new Set(); // hashes of those that ended
  let last = null; // the card that is looked at, as it was shown last

  const read = async (after, wait, signal) => {
    const { call } = await context.desk.op('call', { after, wait });
    const { sealed } = await context.broker().post('device/inbox', { call }, { signal }).catch(judge);
    const got = await context.desk.op('receive', { call, sealed });
    context.set({ lastPoll: env.clock.now() });
    context.reached();
    show(got);
    return got;
  };

  // A broker that finds this device ahead of it has lost a part of the log.
  const judge = async (failure) => {
    if (failure.name !== 'roster_behind') throw failure;
    const { error } = await context.desk.op('failed', { status: failure.status, text: `${failure.name}: ${failure.text}` });
    throw new Failure(error.name, reworded(error.name, error.text), failure.status);
  };

  const show = ({ requests, refused, ended, listed, alarm }) => {
    const now = env.clock.now();
    // Such as that the organisation took this device back.
    if (alarm) context.set({ error: { name: alarm.name, text: reworded(alarm.name, alarm.text), hint: null, passing: true } });
    last = model.requests.find(({ hash }) => hash === model.selected) ?? last;
    context.set({
      requests: requests.filter(({ deadline }) => Date.parse(deadline) > now),
      refused, listed: model.listed || listed, now,
    });
    over(ended ?? []);
  };

  // What ended goes to the list of ended ones; the one being looked at, to its
  // outcome. The core tells the same more than once.
  const over = (ended) => {
    const time = new Date(env.clock.now()).toISOString();
    const news = ended.filter(({ hash }) => !told.has(hash)).map((e) => ({ time, ...e }));
    if (news.length === 0) return;
    for (const { hash } of news) told.add(hash);
    const looked = news.find(({ hash }) => hash === model.selected);
    const card = [...model.requests, last].find((c) => c && c.hash === looked?.hash);
    context.set({
      ended: [...news.reverse(), ...model.ended].slice(0, mostEnded),
      requests: model.requests.filter(({ hash }) => !told.has(hash)),
    });
    if (!looked || model.screen !== 'request' || model.busy) return;
    const { requester, consumer } = card ?? {};
    screens.become('outcome', { outcome: { requester, consumer, ...looked } });
  };

  // The whole listing, page by page.
  const list = async (signal) => {
    let got = await read('', 0, signal);
    while (got.more) got = await read(got.after, 0, signal);
    return got;
  };

  const step = async (signal) => {
    await decide.sendUnsent(signal);
    const got = await list(signal);
    const asked = env.clock.now();
    await read(got.after, patience, signal);
    return env.clock.now() - asked < calm ? Math.max(between, calm - (env.clock.now() - asked)) : between;
  };

  const failed = (failure) => {
    const final = isAlarm(failure) || failure.name === 'core_failed' || failure.name === 'other_tab';
    if (final) context.fail(failure);
    else context.unreached(failure);
    return final;
  };

  // The device's own clock decides what is over on screen; the core checks again.
  const tick = async () => {
    const now = env.clock.now();
    const expired = model.requests.filter(({ deadline }) => Date.parse(deadline) <= now);
    over(expired.map(({ hash, path, requester, reason }) => ({ hash, path, requester, asked: reason, how: 'expired' })));
    context.set({ now });
    return 1000 - (now % 1000);
  };

  return {
    list,
    start() {
      const { page, clock } = env;
      context.loop('inbox', (signal) => repeat(step, { page, clock, signal, failed }));
      context.loop('clock', (signal) => repeat(tick, { page, clock, signal, offline: true }));
    },
  };
}
