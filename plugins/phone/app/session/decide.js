// Approve, consent, deny: one gesture for one answer, which is on disk before it
// is sent, and sent again until the broker has it.
import { failureOf, isAborted, isAlarm, shown } from '../failure.js';
import { isPassing } from '../broker.js';
import { require } from './context.js';
import { doing } from './words.js';

/**
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 * @returns {{approve: (hash: string, typed?: string) => Promise<void>, deny: (hash: string, reason?: string) => Promise<void>, sendUnsent: (signal: AbortSignal) => Promise<void>}}
 */
export function decisions(context, screens) {
  const { env, model } = context;
  const underway = new Set(); // counters that are being sent at this moment

  const find = (hash) => {
    const card = model.requests.find((c) => c.hash === hash);
    require(card !== undefined, 'this request is over; nothing was sent');
    return card;
  };

  const approve = (hash, typed = '') => context.deed(doing.gesture, async () => {
    const watch = stopwatch(env.performance);
    const card = find(hash);
    const purpose = card.consentFirst && !card.consented ? 'consent' : 'approve';
    // A wrong code is said before anybody is asked for a gesture.
    const gesture = await context.desk.op('gesture', { purpose, hash, typed });
    watch.pause();
    const { assertion, prf } = await env.passkey.use(gesture, { rpId: model.me.rpId, signal: context.life.signal });
    watch.go();
    context.set({ busy: doing.seal });
    const answer = await context.desk.op('approve', { hash, typed, assertion }, { prf });
    await settle(card, answer, answer.consent ? 'consented' : 'approved', watch);
  });

  const deny = (hash, reason = '') => context.deed(doing.seal, async () => {
    const watch = stopwatch(env.performance);
    const card = find(hash);
    const answer = await context.desk.op('deny', { hash, reason });
    await settle({ ...card, reason }, answer, 'denied', watch);
  });

  // From here on the answer stands, whatever the network does.
  const settle = async (card, answer, how, watch) => {
    const { hash, path, requester, consumer, lease, reason } = card;
    const { counter } = answer;
    const outcome = { hash, path, requester, consumer, lease, reason, how, decision: how, counter, state: 'unsent', error: null };
    context.set({
      busy: doing.send,
      requests: how === 'consented'
        ? model.requests.map((c) => (c.hash === hash ? { ...c, consented: true } : c))
        : model.requests.filter((c) => c.hash !== hash),
    });
    const sending = send({ counter, release: answer.release, request: answer.request }, context.life.signal);
    watch.measure('tap-to-sent');
    try {
      const { state, error } = await sending;
      watch.measure('tap-to-taken');
      screens.become('outcome', { outcome: { ...outcome, state, error } });
    } catch (error) {
      // Kept, and sent with the next reading of the inbox.
      if (isAborted(error)) return;
      screens.become('outcome', { outcome });
      if (isAlarm(error)) throw error;
      context.set({ unsent: model.unsent + 1 });
      context.unreached(error);
    }
  };

  // Sends an answer. One that the broker refuses for good is not sent again.
  const send = async ({ counter, release, request }, signal) => {
    underway.add(counter);
    try {
      const { state } = await context.broker().post('device/answer', { release, request }, { signal });
      await context.desk.op('sent', { counter, state });
      return { state: 'sent', error: null };
    } catch (error) {
      if (isAborted(error)) throw error;
      const failure = failureOf(error);
      if (isAlarm(failure) || isPassing(failure) || failure.status === 0) throw failure;
      await context.desk.op('sent', { counter, state: failure.name });
      return { state: 'refused', error: shown(failure) };
    } finally {
      underway.delete(counter);
    }
  };

  const sendUnsent = async (signal) => {
    const unsent = await context.desk.op('unsent');
    for (const answer of unsent) {
      if (underway.has(answer.counter)) continue;
      const result = await send(answer, signal);
      if (model.outcome?.counter === answer.counter) context.set({ outcome: { ...model.outcome, ...result } });
    }
    if (model.unsent > 0) context.set({ unsent: 0 });
  };

  return { approve, deny, sendUnsent };
}

// Measures what the app itself takes: the person's time with the authenticator
// does not count.
function stopwatch(performance) {
  const start = performance.now();
  let away = 0;
  let left = 0;
  return {
    pause: () => { left = performance.now(); },
    go: () => { away += performance.now() - left; },
    measure: (name) => performance.measure(name, { start, duration: performance.now() - start - away }),
  };
}
