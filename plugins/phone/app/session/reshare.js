// Sharing anew: one gesture, then page after page until all is dealt. The keyring is
// open in the core meanwhile; it is closed at the end, when anything fails, and as
// soon as nobody looks. Whoever comes back goes on with another gesture.
import { isPassing } from '../broker.js';
import { failureOf, isAborted, isAlarm, shown } from '../failure.js';
import { require } from './context.js';
import { doing } from './words.js';

const tries = 4; // of one call, while what keeps it from succeeding may pass
const pause = 1000; // ms before the first of them is made again

/** The re-shares on screen, and the one that goes on. */
export class Resharing {
  #context;
  #decisions;

  /**
   * @param {import('./context.js').Context} context
   * @param {import('./decide.js').Decisions} decisions
   */
  constructor(context, decisions) {
    this.#context = context;
    this.#decisions = decisions;
  }

  /**
   * Looks at the first page, so that the person sees how it is shared now.
   * @param {string} hash of the re-share
   */
  async look(hash) {
    const context = this.#context;
    try {
      if (!this.#find(hash) || context.model.resharing) return;
      const { call } = await context.desk.op('reshareCall', { hash });
      const { sealed } = await context.broker().post('device/reshare', { call }, { signal: context.life.signal });
      context.set(await context.desk.op('reshareLook', { hash, call, sealed }));
    } catch (error) {
      if (!isAborted(error)) context.fail(error);
    }
  }

  /**
   * Deals everything with one gesture.
   * @param {string} hash of the re-share
   */
  async reshare(hash) {
    const context = this.#context;
    const { env, model } = context;
    let begun = false;
    await context.deed(doing.gesture, async () => {
      const card = this.#find(hash);
      require(card !== undefined, 'this re-share is over; nothing was dealt');
      require(model.resharing?.state !== 'running', 'another re-share goes on; wait for its end');
      const gesture = await context.desk.op('gesture', { purpose: 'reshare', hash });
      const { assertion, prf } = await env.passkey.use(gesture, { rpId: model.me.rpId, signal: context.life.signal });
      await context.desk.op('reshareBegin', { hash, assertion }, { prf });
      const { policy, pattern, done, total } = card;
      context.set({ resharing: { hash, policy, pattern, done, total, dealt: 0, refused: [], state: 'running', error: null } });
      begun = true;
    });
    if (begun) await this.#run(hash);
  }

  /** Stops; what was dealt stays dealt. */
  stop() {
    this.#context.stopLoop('reshare');
  }

  /** Takes the finished one off the screen. */
  leave() {
    const { model } = this.#context;
    if (model.resharing && model.resharing.state !== 'running') this.#context.set({ resharing: null });
  }

  #find(hash) {
    return this.#context.model.reshares.find((one) => one.hash === hash);
  }

  async #run(hash) {
    const context = this.#context;
    const { page } = context.env;
    const began = context.env.performance.now();
    const ends = new AbortController();
    const signal = AbortSignal.any([context.life.signal, ends.signal]);
    context.stopLoop('reshare');
    context.loops.set('reshare', { ends, nudge: () => {} });
    const look = () => { if (!page.visible()) ends.abort(); };
    page.changed(look, signal);
    look(); // it may have been left during the gesture
    const how = await this.#pages(hash, signal).then(() => ({ state: 'done' }), (error) => this.#broken(error, ends));
    if (context.loops.get('reshare')?.ends === ends) context.loops.delete('reshare');
    ends.abort();
    if (context.life.signal.aborted) return; // the core is gone, and the keyring with it
    // What the core shows of it from now on: how far it is, and what it stopped at.
    await context.desk.op('reshareEnd').then(({ reshares }) => reshares && context.set({ reshares }), (error) => context.fail(error));
    context.env.performance.measure('reshare', { start: began, duration: context.env.performance.now() - began });
    this.#advance(how);
  }

  // While the broker takes one page, the next is fetched and dealt; answers are sent
  // one after the other, as their receipts are numbered.
  async #pages(hash, signal) {
    let sending = Promise.resolve();
    for (let more = true; more;) {
      const got = await this.#deal(hash, signal).catch(async (error) => {
        // The keyring is closed; what was dealt before still arrives, so that the count is right.
        if (failureOf(error).name === 'reshare_unshown') await sending;
        throw error;
      });
      more = got.more;
      await sending;
      this.#advance({ refused: got.refused });
      sending = got.answer ? this.#send(got, signal) : Promise.resolve();
      sending.catch(() => {}); // it is waited for, but not at once
    }
    await sending;
  }

  async #deal(hash, signal) {
    const { desk, env: { performance } } = this.#context;
    signal.throwIfAborted();
    const { call } = await desk.op('reshareCall', { hash });
    const { sealed } = await this.#post('device/reshare', { call }, signal);
    const began = performance.now();
    const got = await desk.op('reshareDeal', { hash, call, sealed });
    performance.measure('reshare-page', { start: began, duration: performance.now() - began });
    return got;
  }

  async #send(got, signal) {
    const { done, total } = await this.#decisions.sendDeal(got, signal, (path, body) => this.#post(path, body, signal));
    this.#advance({ done, total, dealt: this.#context.model.resharing.dealt + got.secrets });
  }

  // A call that may pass is made again while the keyring is open: a phone changes
  // its network, and a gesture for each time would be too many.
  async #post(path, body, signal) {
    const { clock } = this.#context.env;
    for (let i = 1; ; i++) {
      try {
        return await this.#context.broker().post(path, body, { signal });
      } catch (error) {
        if (isAborted(error) || isAlarm(error) || !isPassing(failureOf(error)) || i === tries) throw error;
        await clock.sleep(pause * 2 ** (i - 1), signal);
        signal.throwIfAborted();
      }
    }
  }

  // A re-share that is no longer asked for is done: others have dealt the rest.
  #broken(error, ends) {
    if (isAborted(error) || ends.signal.aborted) return { state: 'stopped' };
    if (isAlarm(error)) {
      this.#context.fail(error);
      return { state: 'stopped' };
    }
    if (failureOf(error).name === 'reshare_unknown') return { state: 'done' };
    return { state: 'stopped', error: shown(failureOf(error)) };
  }

  #advance(changes) {
    this.#context.set({ resharing: { ...this.#context.model.resharing, ...changes } });
  }
}
