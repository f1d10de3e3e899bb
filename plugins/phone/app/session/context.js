// What the parts of a session share: the model, the core's desk, the broker, and
// the rules for one thing at a time.
import { Failure, failureOf, isAborted, isAlarm, shown } from '../failure.js';

// After these the link cannot be used here any more, whatever is tried.
const closing = ['enrolment_answered', 'enrolment_expired', 'enrolment_missing', 'handover_answered', 'handover_expired'];

// The organisation has taken back what these say.
const takenBack = ['device_revoked', 'approver_revoked'];

/** A model before anything is known. */
export function emptyModel(about) {
  return {
    ...about,
    screen: 'loading', stage: 'empty', online: true, reachable: true, listed: false,
    alarm: null, busy: null, error: null, update: null, signedOut: false,
    me: null, link: null, passkey: null, sheet: null, fingerprint: null,
    requests: [], refused: [], ended: [], outcome: null, answering: null, selected: null, unsent: 0, mutes: [], head: null, reshares: [], resharing: null, alarms: [],
    history: [], devices: [], handover: null, checked: null, closed: null, replaces: null, standing: null, revoked: null, now: Date.now(), lastPoll: null,
  };
}

/** The shared state of one session in one tab. */
export class Context {
  /** @param {object} env everything outside of the session, see main.js */
  constructor(env) {
    this.env = env;
    this.model = { ...emptyModel(env.about), now: env.clock.now() };
    this.desk = null;
    this.life = new AbortController(); // aborted when this tab stops being the one at work
    this.loops = new Map();
    this.scheduled = false;
  }

  /** Changes the model, and has it shown before the browser paints next. */
  set(changes) {
    Object.assign(this.model, changes);
    if (this.scheduled) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.env.render(this.model);
    });
  }

  /** The broker of the mount that this device belongs to, or is about to. */
  broker() {
    const { me, link } = this.model;
    return this.env.broker(link?.base || me?.base || this.env.base);
  }

  /**
   * Does one thing that a person asked for; nothing, while another is being done.
   * @param {string} busy what the page says meanwhile
   * @param {() => Promise<void>} work
   */
  async deed(busy, work) {
    if (this.model.busy) return;
    this.set({ busy, error: null });
    const { signal } = this.life;
    try {
      await work();
    } catch (error) {
      if (!signal.aborted && !isAborted(error)) this.fail(error);
    } finally {
      if (!signal.aborted) this.set({ busy: null });
    }
  }

  /** Shows an error, on the screen of its own where it must stop everything. */
  fail(error) {
    const failure = failureOf(error);
    if (isAlarm(failure)) {
      this.stopLoops();
      this.set({ alarm: shown(failure), screen: 'alarm' });
    } else {
      this.set({ error: shown(failure), ...(closing.includes(failure.name) && { closed: failure.name }) });
    }
  }

  /**
   * Notes whether the organisation took this device or its approver back.
   * @param {{name: string}|null} alarm what the core says of this device
   */
  stands(alarm) {
    const revoked = takenBack.includes(alarm?.name) ? alarm.name : null;
    if (this.model.revoked !== revoked) this.set({ revoked });
  }

  /** Says that the broker answers; what a loop complained about is over. */
  reached() {
    this.set({ reachable: true, ...(this.model.error?.passing && { error: null }) });
  }

  /**
   * Shows what keeps a loop from going on, for as long as it does: a banner where
   * nothing answers, else the error that did.
   */
  unreached(error) {
    const failure = failureOf(error);
    if (failure.name.startsWith('broker_')) this.set({ reachable: false });
    else if (!this.model.busy) this.set({ reachable: true, error: { ...shown(failure), passing: true } });
  }

  /** Starts a loop under a name, in place of an earlier one. */
  loop(name, start) {
    this.stopLoop(name);
    const ends = new AbortController();
    this.loops.set(name, { ends, ...start(AbortSignal.any([this.life.signal, ends.signal])) });
  }

  stopLoop(name) {
    this.loops.get(name)?.ends.abort();
    this.loops.delete(name);
  }

  stopLoops() {
    for (const name of [...this.loops.keys()]) this.stopLoop(name);
  }

  nudge() {
    for (const { nudge } of this.loops.values()) nudge();
  }
}

/**
 * Refuses what the person cannot do at this stage.
 * @param {boolean} allowed
 * @param {string} text
 */
export function require(allowed, text) {
  if (!allowed) throw new Failure('not_now', text);
}
