// Before anything is made for a link, the broker is asked how the link stands: what
// cannot come to an end should not begin.
import { isPassing } from '../broker.js';
import { shown } from '../failure.js';
import { repeat } from './loop.js';

/**
 * @param {import('./context.js').Context} context
 * @returns {{start: () => void, stop: () => void}} what start finds is the model's `standing`:
 *   {state: waiting|answered|admitted|expired|missing|null, error, far: whether Vault is at another origin, own: this one}
 */
export function invitation(context) {
  const { env, model } = context;

  const found = (state, error = null) => {
    const base = model.link?.base || env.base;
    context.set({ standing: { state, error, far: !base.startsWith(`${env.origin}/`), own: env.origin } });
  };

  const step = async (signal) => {
    const { state } = await context.broker().get(`enroll/${model.link.id}/status`, { signal });
    found(state);
    return null;
  };

  const failed = (failure) => {
    found(failure.name === 'enrolment_missing' ? 'missing' : null, shown(failure));
    return !isPassing(failure);
  };

  return {
    start() {
      if (model.link?.kind !== 'ticket' || !model.link.id) return;
      context.loop('invitation', (signal) => repeat(step, { page: env.page, clock: env.clock, signal, failed }));
    },
    stop: () => context.stopLoop('invitation'),
  };
}
