// One session: the app in the tab that is at work. It knows what happens when;
// what is shown is for view/, what is decided for the core.
import { Context, emptyModel } from './session/context.js';
import { Screens } from './session/screens.js';
import { createDesk } from './session/desk.js';
import { admission } from './session/admission.js';
import { checkups } from './session/check.js';
import { Decisions } from './session/decide.js';
import { Enrolment } from './session/enrol.js';
import { giving, receiving } from './session/handover.js';
import { invitation } from './session/invitation.js';
import { Inbox } from './session/inbox.js';
import { muting } from './session/mute.js';
import { Resharing } from './session/reshare.js';
import { settings } from './session/settings.js';
import { doing } from './session/words.js';
import { Failure, failureOf, reworded, shown } from './failure.js';
import { suffices } from './support.js';

/** The app in one tab. */
export class Session {
  #env;
  #context;
  #screens;
  #parts;
  #open = null; // {store, core}, while this tab is the one at work

  /**
   * @param {object} env what is outside: about, render, clock, page, performance, history, link, passkey,
   *   broker(base), openStore(), startCore(), lock, base, app, rpId, origin, persist(), erase(), update(), reload(), look()
   */
  constructor(env) {
    this.#env = env;
    this.#context = new Context(env);
    this.#screens = new Screens(this.#context, env.history);
    this.#parts = assemble(this.#context, this.#screens);
    /** What views call; see the page model. */
    this.actions = {
      ...this.#parts.actions,
      signOut: () => this.#signOut(),
      retry: () => this.#retry(),
      back: () => this.#screens.back(),
      useHere: () => env.lock.take(),
      update: () => env.update(),
      dismiss: () => this.#context.set({ error: null }),
    };
  }

  /** Begins: looks at the browser, and asks to be the one tab at work. */
  async start() {
    const { page, clock, lock } = this.#env;
    const look = () => this.#context.set({ online: page.online(), now: clock.now() });
    page.changed(look);
    look();
    const support = await this.#env.look();
    this.#context.set({ support });
    if (suffices(support)) lock.start();
    else this.#context.set({ screen: 'unsupported' });
  }

  /** This tab is the one at work. */
  async gained() {
    const context = this.#context;
    const { enrol } = this.#parts;
    context.life = new AbortController();
    const { signal } = context.life;
    try {
      const core = this.#env.startCore();
      this.#open = { core, store: null };
      const store = await this.#env.openStore();
      this.#open.store = store;
      context.desk = createDesk({ core, store, now: this.#env.clock.now });
      const state = await context.desk.open();
      enrol.resume(state);
      if (state.alarm) context.fail(new Failure(state.alarm.name, reworded(state.alarm.name, state.alarm.text)));
      const fragment = this.#env.link.peek();
      if (fragment) await enrol.paste(fragment);
    } catch (error) {
      if (!signal.aborted) context.set({ screen: 'loading', error: shown(failureOf(error)) });
    }
  }

  /** Another tab is at work, and this one waits its turn. */
  busy() {
    this.#context.set({ screen: 'elsewhere' });
  }

  /** Another tab took over. */
  lost() {
    this.#halt();
    this.busy();
  }

  /**
   * A link was opened while the app was.
   * @param {string} fragment
   */
  linked(fragment) {
    this.#env.link.put(fragment);
    if (this.#open) this.#parts.enrol.paste(fragment);
  }

  /**
   * Another version of the app is there to be used.
   * @param {{version: string, lower: boolean}} other lower: than this one; such a one is only offered
   */
  updatable(other) {
    this.#context.set({ update: other });
  }

  // Lets go of everything that this tab holds, key material first.
  #halt() {
    const { model, life } = this.#context;
    life.abort();
    this.#open?.core.stop();
    this.#open?.store?.close();
    this.#open = null;
    this.#parts.enrol.forget();
    this.#context.stopLoops();
    const { online, support, update } = model;
    Object.assign(model, emptyModel(this.#env.about), { online, support, update });
  }

  async #signOut() {
    const context = this.#context;
    if (context.model.busy || !this.#open) return;
    context.set({ busy: doing.signOut, error: null });
    const { core, store } = this.#open;
    // Whatever fails from here on, this tab works no more; a reload finds what is left.
    this.#open = null;
    context.life.abort();
    context.stopLoops();
    core.stop();
    try {
      await store.wipe();
      await this.#env.erase();
    } catch (error) {
      context.set({ busy: null, error: shown(failureOf(error)) });
      return;
    }
    this.#halt();
    context.set({ screen: 'sign-out', signedOut: true });
    this.#env.lock.release();
  }

  // Tries again whatever did not work: the loops, or the whole start.
  #retry() {
    const { model } = this.#context;
    if (!this.#open || model.screen === 'loading' || model.error?.name === 'core_failed') {
      this.#env.reload();
      return;
    }
    const alarmed = model.alarm !== null;
    this.#context.set({ error: null, alarm: null });
    if (alarmed) this.#screens.reset();
    this.#parts.resumeLoops();
    this.#context.nudge();
  }
}

// Puts the parts together; they know one another through these few calls only.
function assemble(context, screens) {
  const decisions = new Decisions(context, screens);
  const inbox = new Inbox(context, screens, decisions);
  const resharing = new Resharing(context, decisions);
  const admitting = admission(context, { list: (signal) => inbox.list(signal), resume: (state) => enrol.resume(state) });
  const enrol = new Enrolment(context, screens, {
    invitation: invitation(context), admission: () => admitting.start(), admitted: () => inbox.start(),
  });
  const rest = {
    ...giving(context, screens), ...settings(context, screens), ...checkups(context), ...muting(context, screens),
    ...receiving(context, screens, { startPasskey: (name) => enrol.startPasskey(name) }),
  };

  const resumeLoops = () => {
    const { stage } = context.model;
    if (stage === 'ready' && !context.loops.has('inbox')) inbox.start();
    if (stage === 'waiting' && !context.loops.has('admission')) admitting.start();
  };

  const actions = {
    ...rest,
    paste: (link) => enrol.paste(link), replace: () => enrol.replace(), keepWaiting: () => enrol.keepWaiting(),
    startAgain: () => enrol.startAgain(), start: (name) => enrol.start(name), makePasskey: () => enrol.makePasskey(),
    setPassword: (password) => enrol.setPassword(password), confirmSheet: () => enrol.confirmSheet(),
    approve: (hash, typed) => decisions.approve(hash, typed), deny: (hash, reason, report) => decisions.deny(hash, reason, report),
    reshare: (hash) => resharing.reshare(hash), stopReshare: () => resharing.stop(), leaveReshare: () => { resharing.leave(); screens.reset({ error: null }); },
    lookReshare: (hash) => { resharing.leave(); return resharing.look(hash); },
    openReshare: (hash) => { resharing.leave(); screens.go('reshare', { selected: hash }); return resharing.look(hash); },
  };
  return { enrol, resumeLoops, actions };
}
