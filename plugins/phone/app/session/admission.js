// Between the confirmed sheet and the admission: the same message is posted until
// the broker has it, then the broker is asked now and then whether the
// organisation has admitted this device.
import { Failure, isAlarm } from '../failure.js';
import { isPassing } from '../broker.js';
import { repeat } from './loop.js';

const pause = 3000; // ms

/**
 * @param {import('./context.js').Context} context
 * @param {{list: (signal: AbortSignal) => Promise<{stage: string}>, resume: (state: object) => void}} next
 * @returns {{start: () => void}}
 */
export function admission(context, next) {
  const { env, model } = context;

  const exchange = (signal) => {
    const { kind, enrolment, token, message, certificate, kit, kitTokenHash } = model.me.post;
    const recovery = kit ? { kit, kit_token_hash: kitTokenHash } : {};
    const broker = context.broker();
    if (kind === 'propose') return broker.post('device/propose', { certificate, ...recovery }, { signal });
    if (message) return broker.post(`enroll/${enrolment}/answer`, { token, message, ...recovery }, { signal });
    return broker.get(`enroll/${enrolment}/status`, { signal });
  };

  const step = async (signal) => {
    const { state, init } = await exchange(signal);
    if (state === 'expired') throw new Failure('enrolment_expired', 'the invitation expired before anybody admitted this device; ask for a new link');
    await context.desk.op('admitted', { state, init: init ?? '' });
    context.reached();
    // The broker only says so; the organisation's log, which the inbox brings, proves it.
    if (state === 'admitted' && (await next.list(signal)).stage === 'ready') {
      next.resume(await context.desk.open());
      return null;
    }
    // The broker has the message now; it need not be posted again.
    if (model.me.post.message) context.set({ me: { ...model.me, post: (await context.desk.open()).post } });
    return pause;
  };

  const failed = (failure) => {
    if (isPassing(failure) && !isAlarm(failure)) {
      context.unreached(failure);
      return false;
    }
    context.fail(failure);
    return true;
  };

  return {
    start: () => {
      context.set({ closed: null });
      context.loop('admission', (signal) => repeat(step, { page: env.page, clock: env.clock, signal, failed }));
    },
  };
}
