// The core's operations, one at a time, and what they want kept: all of it is on
// disk before anything else happens, or the core forgets it too.
import { Failure } from '../failure.js';

/**
 * @param {{core: ReturnType<typeof import('../core.js').startCore>, store: Awaited<ReturnType<typeof import('../store.js').openStore>>, now: () => number}} parts
 * @returns {{open: () => Promise<object>, op: (name: string, args?: object, secrets?: Record<string, Uint8Array>) => Promise<any>}}
 *   open reads what is stored into the core and returns its state. op returns what the operation
 *   returned, without what was to be kept; `now` is added to its arguments.
 */
export function createDesk({ core, store, now }) {
  let tail = Promise.resolve();

  // One after the other, and a failure does not keep the next from its turn.
  const inTurn = (work) => {
    const done = tail.then(work);
    tail = done.catch(() => {});
    return done;
  };

  const open = async () => core.call('open', { kept: await store.all(), now: now() });

  const perform = async (name, args, secrets) => {
    const ok = await core.call(name, { now: now(), ...args }, secrets);
    if (!ok?.keep) return ok;
    const { keep, ...rest } = ok;
    try {
      await store.write(keep);
    } catch (failure) {
      // What the core believes now is not what a reload would find. If it cannot be
      // told, it must not go on: it would count a receipt that nobody has.
      if (!(failure instanceof Failure && failure.name === 'other_tab')) await open().catch(() => core.stop());
      throw failure;
    }
    return rest;
  };

  return {
    open: () => inTurn(open),
    op: (name, args = {}, secrets = {}) => inTurn(() => perform(name, args, secrets)),
  };
}
