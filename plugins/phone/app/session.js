// One session: the app in the tab that is at work. It knows what happens when;
// what is shown is for view/, what is decided for the core.
import { Context, emptyModel } from './session/context.js';
import { Screens } from './session/screens.js';
import { createDesk } from './session/desk.js';
import { admission } from './session/admission.js';
import { decisions } from './session/decide.js';
import { enrolment } from './session/enrol.js';
import { giving, receiving } from './session/handover.js';
import { inbox } from './session/inbox.js';
import { settings } from './session/settings.js';
import { doing } from './session/words.js';
import { Failure, failureOf, reworded, shown } from './failure.js';
import { suffices } from './support.js';

/**
 * Makes the session of a tab.
 * @param {object} env what is outside: about, render, clock, page, performance, history, link, passkey,
 *   broker(base), openStore(), startCore(), lock, base, app, rpId, origin, persist(), erase(), update(), reload(), look()
 * @returns {{actions: Record<string, Function>, start: () => Promise<void>, gained: () => Promise<void>, lost: () => void, busy: () => void, linked: (fragment: string) => void, set: (changes: object) => void}}
 */
export function createSession(env) {
  const context = new Context(env);
  const { model } = context;
  const screens = new Screens(context, env.history);
  const parts = assemble(context, screens);
  let open = null; // {store, core}, while this tab is the one at work

  const watchNetwork = () => {
    context.set({ online: env.page.online() });
    env.page.changed(() => context.set({ online: env.page.online(), now: env.clock.now() }));
  };

  const start = async () => {
    watchNetwork();
    const support = await env.look();
    context.set({ support });
    if (!suffices(support)) {
      context.set({ screen: 'unsupported' });
      return;
    }
    env.lock.start();
  };

  /** This tab is the one at work. */
  const gained = async () => {
    context.life = new AbortController();
    try {
      const core = env.startCore();
      open = { core, store: null };
      open.store = await env.openStore();
      context.desk = createDesk({ core, store: open.store, now: env.clock.now });
      const state = await context.desk.open();
      parts.enrol.resume(state);
      if (state.alarm) context.fail(new Failure(state.alarm.name, reworded(state.alarm.name, state.alarm.text)));
      if (env.link.peek()) await parts.enrol.paste(env.link.peek());
    } catch (error) {
      if (!context.life.signal.aborted) context.set({ screen: 'loading', error: shown(failureOf(error)) });
    }
  };

  /** Lets go of everything that this tab holds, key material first. */
  const halt = () => {
    context.life.abort();
    open?.core.stop();
    open?.store?.close();
    open = null;
    parts.enrol.forget();
    context.stopLoops();
    Object.assign(model, emptyModel(env.about), { online: model.online, support: model.support });
  };

  const lost = () => {
    halt();
    context.set({ screen: 'elsewhere' });
  };

  const signOut = async () => {
    if (model.busy) return;
    context.set({ busy: doing.signOut, error: null });
    const { core, store } = open;
    // Whatever fails from here on, this tab works no more; a reload finds what is left.
    open = null;
    context.life.abort();
    context.stopLoops();
    core.stop();
    try {
      await store.wipe();
      await env.erase();
    } catch (error) {
      context.set({ busy: null, error: shown(failureOf(error)) });
      return;
    }
    halt();
    context.set({ screen: 'sign-out', signedOut: true });
    env.lock.release();
  };

  /** Tries again whatever did not work: the loops, or the whole start. */
  const retry = () => {
    if (model.screen === 'unsupported' || model.signedOut || !open || model.error?.name === 'core_failed' || model.screen === 'loading') {
      env.reload();
      return;
    }
    const alarmed = model.alarm !== null;
    context.set({ error: null, alarm: null });
    if (alarmed) screens.reset();
    parts.resumeLoops();
    context.nudge();
  };

  const linked = (fragment) => {
    env.link.put(fragment);
    if (open) parts.enrol.paste(fragment);
  };

  const actions = {
    ...parts.actions, signOut, retry,
    back: () => screens.back(),
    useHere: () => env.lock.take(),
    update: () => env.update(),
    dismiss: () => context.set({ error: null }),
  };
  return { actions, start, gained, lost, linked, busy: () => context.set({ screen: 'elsewhere' }), set: (changes) => context.set(changes) };
}

// Puts the parts together; they know one another through these few calls only.
function assemble(context, screens) {
  const decide = decisions(context, screens);
  const reading = inbox(context, screens, decide);
  const admitting = admission(context, { list: reading.list, resume: (state) => enrol.resume(state) });
  const enrol = enrolment(context, screens, { admission: () => admitting.start(), admitted: () => reading.start() });
  const give = giving(context, screens);
  const receive = receiving(context, screens, enrol);
  const rest = settings(context, screens);

  const resumeLoops = () => {
    const { stage } = context.model;
    if (stage === 'ready' && !context.loops.has('inbox')) reading.start();
    if (stage === 'waiting' && !context.loops.has('admission')) admitting.start();
  };

  return {
    enrol, resumeLoops,
    actions: {
      paste: enrol.paste, start: enrol.start, makePasskey: enrol.makePasskey, setPassword: enrol.setPassword, confirmSheet: enrol.confirmSheet,
      approve: decide.approve, deny: decide.deny,
      open: rest.open, show: rest.show, check: rest.check,
      addDevice: give.addDevice, giveDevice: give.giveDevice, offer: receive.offer, restore: receive.restore,
    },
  };
}
