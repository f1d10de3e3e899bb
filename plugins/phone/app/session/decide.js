// Approve, consent, deny: one gesture for one answer, which is on disk before it
// is sent, and sent again until the broker has it.
import { failureOf, isAborted, isAlarm, shown } from '../failure.js';
import { isPassing } from '../broker.js';
import { require } from './context.js';
import { doing } from './words.js';

/** What a person answers, and its way to the broker. */
export class Decisions {
  #context;
  #screens;
  #underway = new Set(); // counters of the answers that are being sent at this moment

  /**
   * @param {import('./context.js').Context} context
   * @param {import('./screens.js').Screens} screens
   */
  constructor(context, screens) {
    this.#context = context;
    this.#screens = screens;
  }

  /**
   * Approves a request, or consents to it where everybody has to first.
   * @param {string} hash
   * @param {string} [typed] the match code, where it has to be typed
   */
  approve(hash, typed = '') {
    const context = this.#context;
    const { env, model } = context;
    return context.deed(doing.gesture, async () => {
      const watch = stopwatch(env.performance);
      const card = this.#find(hash);
      const purpose = card.consentFirst && !card.consented ? 'consent' : 'approve';
      // A wrong code is said before anybody is asked for a gesture.
      const gesture = await context.desk.op('gesture', { purpose, hash, typed });
      watch.pause();
      const { assertion, prf } = await env.passkey.use(gesture, { rpId: model.me.rpId, signal: context.life.signal });
      watch.go();
      context.set({ busy: doing.seal });
      const answer = await context.desk.op('approve', { hash, typed, assertion }, { prf });
      await this.#settle(card, answer, answer.consent ? 'consented' : 'approved', watch);
    });
  }

  /**
   * Denies a request. It needs no gesture.
   * @param {string} hash
   * @param {string} [reason]
   * @param {boolean} [report] nobody should have asked this
   */
  deny(hash, reason = '', report = false) {
    const context = this.#context;
    return context.deed(doing.seal, async () => {
      const watch = stopwatch(context.env.performance);
      const card = this.#find(hash);
      const answer = await context.desk.op('deny', { hash, reason, report });
      await this.#settle({ ...card, reason, report }, answer, 'denied', watch);
    });
  }

  #find(hash) {
    const card = this.#context.model.requests.find((c) => c.hash === hash);
    require(card !== undefined, 'this request is over; nothing was sent');
    return card;
  }

  // From here on the answer stands, whatever the network does.
  async #settle(card, answer, how, watch) {
    const context = this.#context;
    const { hash, path, requester, consumer, lease, reason, report = false } = card;
    const outcome = { hash, path, requester, consumer, lease, reason, report, how, decision: how, counter: answer.counter, state: 'unsent', error: null };
    // It no longer waits, and is still what is looked at.
    context.set({ busy: doing.send, answering: card, requests: without(context.model.requests, hash, how) });
    const sending = this.#send(answer, context.life.signal);
    watch.measure('tap-to-sent');
    try {
      const { state, error } = await sending;
      watch.measure('tap-to-taken');
      this.#screens.become('outcome', { outcome: { ...outcome, state, error } });
    } catch (error) {
      if (isAborted(error)) return;
      // Kept, and sent with the next reading of the inbox.
      this.#screens.become('outcome', { outcome });
      if (isAlarm(error)) throw error;
      context.set({ unsent: context.model.unsent + 1 });
      context.unreached(error);
    } finally {
      context.set({ answering: null });
    }
  }

  // Sends an answer. One that the broker refuses for good is not sent again; what
  // has no name of ours, such as the 404 of a mount that is away, is Vault's or a
  // proxy's word, and a receipt must not get lost for it.
  async #send({ counter, release, request }, signal) {
    const { desk } = this.#context;
    this.#underway.add(counter);
    try {
      const { state } = await this.#context.broker().post('device/answer', { release, request }, { signal });
      await desk.op('sent', { counter, state });
      return { state: 'sent', error: null };
    } catch (error) {
      if (isAborted(error)) throw error;
      const failure = failureOf(error);
      if (!isFinal(failure)) throw failure;
      await desk.op('sent', { counter, state: failure.name });
      return { state: 'refused', error: shown(failure) };
    } finally {
      this.#underway.delete(counter);
    }
  }

  /**
   * Sends what was dealt of one page.
   * @param {{counter: number, answer: string}} dealt
   * @param {AbortSignal} signal
   * @param {(path: string, body: object) => Promise<object>} post
   * @returns {Promise<{state: string, done: number, total: number}>}
   */
  async sendDeal({ counter, answer }, signal, post) {
    const { desk } = this.#context;
    this.#underway.add(counter);
    try {
      const taken = await post('device/deal', { answer });
      await desk.op('sent', { counter, state: 'dealt' });
      return taken;
    } catch (error) {
      const failure = failureOf(error);
      if (!isAborted(error) && isFinal(failure)) await desk.op('sent', { counter, state: failure.name });
      throw error;
    } finally {
      this.#underway.delete(counter);
    }
  }

  async #resend({ counter, deal }, signal) {
    try {
      await this.sendDeal({ counter, answer: deal }, signal, (path, body) => this.#context.broker().post(path, body, { signal }));
    } catch (error) {
      if (isAborted(error) || !isFinal(failureOf(error))) throw error;
    }
    return { state: 'sent', error: null };
  }

  /**
   * Sends what could not be sent before, oldest first.
   * @param {AbortSignal} signal
   */
  async sendUnsent(signal) {
    const context = this.#context;
    let left = 0;
    for (const answer of await context.desk.op('unsent')) {
      if (this.#underway.has(answer.counter)) continue;
      try {
        const result = answer.deal ? await this.#resend(answer, signal) : await this.#send(answer, signal);
        const { outcome } = context.model;
        if (outcome?.counter === answer.counter) context.set({ outcome: { ...outcome, ...result } });
      } catch (error) {
        // A broker that answers, but not to this, does not keep the rest waiting.
        if (!error.status || isAlarm(error)) throw error;
        left++;
      }
    }
    if (context.model.unsent !== left) context.set({ unsent: left });
  }
}

// Whether the broker refuses an answer for good.
function isFinal(failure) {
  return !(isAlarm(failure) || isPassing(failure) || failure.status === 0 || failure.name.startsWith('broker_'));
}

// The list after an answer: who only consented is asked again.
function without(requests, hash, how) {
  return how === 'consented'
    ? requests.map((c) => (c.hash === hash ? { ...c, consented: true } : c))
    : requests.filter((c) => c.hash !== hash);
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
