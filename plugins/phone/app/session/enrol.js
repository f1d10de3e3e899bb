// Becoming a device: the link, the passkey and its two evaluations, the second
// factor, the sheet. Only the link and which passkey was made are kept before the
// sheet was confirmed: whoever reloads earlier evaluates the passkey again and gets
// another recovery key.
import { wipe } from '../bytes.js';
import { Failure, failureOf, isAborted } from '../failure.js';
import { require } from './context.js';
import { doing } from './words.js';

// After these the passkey itself, or what it gave, is of no use: begin with another.
const useless = ['prf_missing', 'user_verification_missing', 'prf_output_changed', 'passkey_unknown'];

/** The steps of an enrolment, in the order in which they are declared. */
export class Enrolment {
  #context;
  #screens;
  #next;
  #waits = null; // a link that would replace the enrolment that waits, until the person has said so
  #draft = null; // {device, made, evaluations: [{assertion, prf}]}, until wrapped

  /**
   * @param {import('./context.js').Context} context
   * @param {import('./screens.js').Screens} screens
   * @param {{invitation: {start: () => void, stop: () => void}, admission: () => void, admitted: () => void}} next what follows, by stage
   */
  constructor(context, screens, next) {
    this.#context = context;
    this.#screens = screens;
    this.#next = next;
  }

  /**
   * Takes a link, or the part behind its #.
   * @param {string} text
   */
  paste(text) {
    const { desk, env } = this.#context;
    return this.#context.deed(doing.link, async () => {
      const fragment = text.trim().replace(/^[^#]*#/, '');
      try {
        await desk.op('readLink', { fragment });
      } catch (error) {
        if (error.name !== 'already_enrolled' || this.#context.model.stage !== 'waiting') throw error;
        this.#waits = fragment;
        this.#context.set({ replaces: true });
        return;
      } finally {
        // The core has it, or it is of no use.
        env.link.forget();
      }
      // The same link again may find a passkey that was made for it already.
      this.resume(await desk.open());
    });
  }

  /** Takes the link that was opened last, in place of the enrolment that waits. */
  replace() {
    const { desk } = this.#context;
    return this.#context.deed(doing.link, async () => {
      const fragment = this.#waits;
      require(fragment !== null, 'open the new link again');
      await this.#abandon(false);
      await desk.op('readLink', { fragment });
      this.resume(await desk.open());
    });
  }

  /** Stays with the enrolment that waits. */
  keepWaiting() {
    this.#waits = null;
    this.#context.set({ replaces: null });
  }

  /**
   * Wipes what was made so far, and begins again: with the same link where it was
   * not answered, and nobody gave it up.
   */
  startAgain() {
    const { desk, model } = this.#context;
    return this.#context.deed(doing.again, async () => {
      await this.#abandon(model.screen !== 'invited' && !model.closed);
      this.resume(await desk.open());
    });
  }

  async #abandon(link) {
    this.#context.stopLoops();
    this.forget();
    await this.#context.desk.op('abandon', { link });
  }

  /**
   * Goes on where the stored state says that this device is.
   * @param {object} state as the core's open returns it
   */
  resume(state) {
    const { env } = this.#context;
    const based = (x) => x && { ...x, base: x.base || env.base };
    this.#waits = null;
    this.#context.stands(state.alarm);
    this.#context.set({
      stage: state.stage, me: based(state), link: based(state.link), fingerprint: state.fingerprint, unsent: state.unsent, closed: null, replaces: null, standing: null,
    });
    this.#screens.reset();
    if (state.stage === 'made' && state.link.kind === 'ticket') this.startPasskey(state.deviceName, true);
    if (state.stage === 'linked') this.#next.invitation.start();
    if (state.stage === 'waiting') this.#next.admission();
    if (state.stage === 'ready') this.#next.admitted();
  }

  /**
   * Begins with the name of this device.
   * @param {string} deviceName
   */
  start(deviceName) {
    return this.#context.deed(doing.confirm, async () => {
      require(this.#context.model.link !== null, 'open the link of your invitation first');
      this.startPasskey(deviceName);
    });
  }

  /**
   * Comes to the passkey.
   * @param {string} deviceName
   * @param {boolean} [made] it exists already, and has only to be evaluated
   */
  startPasskey(deviceName, made = false) {
    this.forget();
    this.#next.invitation.stop();
    this.#draft = { device: deviceName, made, evaluations: [] };
    this.#progress();
    this.#screens.become('passkey');
  }

  /** Makes the passkey and evaluates it twice, or goes on where that stopped. */
  makePasskey() {
    return this.#context.deed(doing.passkey, async () => {
      const draft = this.#draft;
      require(draft !== null, 'begin with the name of this device');
      try {
        if (!draft.made) await this.#create(draft);
        while (draft.evaluations.length < 2) await this.#evaluate(draft);
        same(draft.evaluations);
      } catch (error) {
        if (useless.includes(error.name)) this.startPasskey(draft.device);
        if (error.name === 'device_name_invalid') this.#screens.become('invited');
        throw error;
      }
      this.#screens.become('password');
    });
  }

  async #create(draft) {
    const { desk, env, life } = this.#context;
    const { create } = await desk.op('begin', { device: draft.device, rpId: env.rpId, origin: env.origin });
    await desk.op('made', await env.passkey.make(create, { signal: life.signal }));
    draft.made = true;
    this.#progress();
  }

  async #evaluate(draft) {
    const { desk, env, life } = this.#context;
    const gesture = await desk.op('gesture', { purpose: 'enrol' });
    draft.evaluations.push(await env.passkey.use(gesture, { rpId: env.rpId, signal: life.signal }));
    this.#progress();
  }

  /**
   * Wraps the keyring, by the passkey and by the password with a new recovery key.
   * @param {string} password
   */
  setPassword(password) {
    return this.#context.deed(doing.wrap, async () => {
      const draft = this.#draft;
      require(draft?.evaluations.length === 2, 'make the passkey first');
      const [one, two] = draft.evaluations;
      const secrets = { prf1: one.prf.slice(), prf2: two.prf.slice(), password: new TextEncoder().encode(password) };
      let sheet;
      try {
        sheet = await this.#context.desk.op('wrap', { assertions: [one.assertion, two.assertion] }, secrets);
      } catch (error) {
        // A password can be changed and tried again; anything else needs new gestures.
        if (error.name !== 'password_unusable') this.startPasskey(draft.device, !useless.includes(error.name));
        throw error;
      }
      this.forget();
      this.#screens.become('sheet', { sheet });
    });
  }

  /** The person has the sheet: from here on everything is kept. */
  confirmSheet() {
    const { desk, env } = this.#context;
    return this.#context.deed(doing.confirm, async () => {
      await env.persist();
      try {
        await desk.op('confirm');
      } catch (error) {
        await this.#unconfirmed(error);
        return;
      }
      // What is posted and shown from here on is what a reload would find.
      this.resume(await desk.open());
    });
  }

  // The core wraps the keyring in memory only. When that could not be kept it was
  // forgotten, and what is on the sheet opens nothing that there is.
  async #unconfirmed(error) {
    const failure = failureOf(error);
    if (isAborted(error) || failure.name === 'other_tab') throw error;
    let state;
    try {
      state = await this.#context.desk.open();
    } catch {
      this.#screens.become('loading'); // which offers to reload
      throw worthless(failure);
    }
    this.resume(state);
    if (!['waiting', 'ready'].includes(state.stage)) throw worthless(failure);
  }

  /** Wipes what the passkey gave. */
  forget() {
    for (const { prf } of this.#draft?.evaluations ?? []) wipe(prf);
    this.#draft = null;
    this.#context.set({ passkey: null });
  }

  #progress() {
    const { made, evaluations } = this.#draft;
    this.#context.set({ passkey: { made, evaluated: evaluations.length } });
  }
}

function worthless({ name, text, status }) {
  const end = /[.!?…]$/.test(text) ? '' : '.';
  return new Failure(name, `${text}${end} Nothing was set up: the recovery key that was just shown is worth nothing, so destroy the printed page and the backup file. Go on from here, and you get new ones.`, status);
}

// The core compares them again; here it is early enough to say so before anybody
// thinks of a password.
function same([{ prf: one }, { prf: two }]) {
  let difference = 0;
  one.forEach((b, i) => { difference |= b ^ two[i]; });
  if (difference !== 0) {
    throw new Failure('prf_output_changed', 'the authenticator gave two different answers to the same question, so what it locks might never open again; use another authenticator');
  }
}
