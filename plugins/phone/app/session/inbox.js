// What waits for this device: read while somebody looks at the page, and not
// otherwise. Unsent answers go first.
import { Failure, isAlarm, reworded } from '../failure.js';
import { repeat } from './loop.js';

const patience = 10_000; // ms that a call may wait at the broker for news
const between = 200; // ms between two readings at least
const calm = 2000; // ms, where the broker does not wait
const mostEnded = 20;

/** The requests on screen, kept as the broker and the clock say. */
export class Inbox {
  #context;
  #screens;
  #decisions;
  #told = new Set(); // hashes of those that ended
  #quick = 0; // calls in a row that did not wait
  #last = null; // the card that is looked at, as it was shown last
  #logged = null; // the last statement of the organisation's log, as it was told last

  /**
   * @param {import('./context.js').Context} context
   * @param {import('./screens.js').Screens} screens
   * @param {import('./decide.js').Decisions} decisions
   */
  constructor(context, screens, decisions) {
    this.#context = context;
    this.#screens = screens;
    this.#decisions = decisions;
  }

  /** Reads, and watches the clock, until the loops are stopped. */
  start() {
    const { page, clock } = this.#context.env;
    this.#context.loop('inbox', (signal) => repeat((turn) => this.#step(turn), { page, clock, signal, failed: (f) => this.#failed(f) }));
    this.#context.loop('clock', (signal) => repeat(() => this.#tick(), { page, clock, signal, offline: true }));
  }

  /**
   * Reads everything that waits, page by page, the organisation's log first.
   * @param {AbortSignal} signal
   * @returns {Promise<{stage: string, after: string}>}
   */
  async list(signal) {
    let got = await this.#read('', 0, signal);
    while (got.more) got = await this.#read(got.after, 0, signal);
    return got;
  }

  async #step(signal) {
    const { clock } = this.#context.env;
    await this.#decisions.sendUnsent(signal);
    const { after } = await this.list(signal);
    const asked = clock.now();
    await this.#read(after, patience, signal);
    // News is listed at once; a broker that never waits is not asked in a circle.
    this.#quick = clock.now() - asked < calm ? this.#quick + 1 : 0;
    return this.#quick > 1 ? calm : between;
  }

  async #read(after, wait, signal) {
    const context = this.#context;
    const { call } = await context.desk.op('call', { after, wait });
    const { sealed } = await context.broker().post('device/inbox', { call }, { signal }).catch((f) => this.#judge(f));
    const got = await context.desk.op('receive', { call, sealed });
    context.set({ lastPoll: context.env.clock.now() });
    context.reached();
    this.#show(got);
    if (got.history) context.set({ history: await context.desk.op('history') });
    await this.#devices(got.log?.seq);
    return got;
  }

  // A statement may have admitted one of the devices that are looked at, or revoked it.
  async #devices(logged) {
    const context = this.#context;
    const grown = this.#logged !== logged;
    this.#logged = logged;
    if (grown && context.model.screen === 'devices') context.set({ devices: await context.desk.op('devices') });
  }

  // A broker that finds this device ahead of it has lost a part of the log.
  async #judge(failure) {
    if (failure.name !== 'roster_behind') throw failure;
    const { error } = await this.#context.desk.op('failed', { status: failure.status, text: `${failure.name}: ${failure.text}` });
    throw new Failure(error.name, reworded(error.name, error.text), failure.status);
  }

  #failed(failure) {
    const final = isAlarm(failure) || failure.name === 'core_failed' || failure.name === 'other_tab';
    if (final) this.#context.fail(failure);
    else this.#context.unreached(failure);
    return final;
  }

  #show({ requests, refused, ended, listed, alarm, mutes, reshares, alarms }) {
    const context = this.#context;
    const { model } = context;
    const now = context.env.clock.now();
    context.stands(alarm);
    // Such as that the organisation took this device back.
    if (alarm) context.set({ error: { name: alarm.name, text: reworded(alarm.name, alarm.text), hint: null, passing: true } });
    this.#last = model.requests.find(({ hash }) => hash === model.selected) ?? this.#last;
    const open = requests.filter(({ deadline }) => Date.parse(deadline) > now);
    const again = new Set(open.map(({ hash }) => hash).filter((hash) => this.#told.delete(hash)));
    context.set({ requests: open, refused, mutes: mutes ?? [], reshares: reshares ?? [], alarms: alarms ?? [], listed: model.listed || listed, now, ended: model.ended.filter(({ hash }) => !again.has(hash)) });
    this.#over(ended.filter(({ hash }) => !again.has(hash)));
  }

  // What ended goes to the list of ended ones; the one being looked at, to its
  // outcome. The core tells the same more than once.
  #over(ended) {
    const { model, env } = this.#context;
    const time = new Date(env.clock.now()).toISOString();
    const news = ended.filter(({ hash }) => !this.#told.has(hash)).map((e) => ({ time, ...e }));
    if (news.length === 0) return;
    for (const { hash } of news) this.#told.add(hash);
    const looked = news.find(({ hash }) => hash === model.selected);
    const card = [...model.requests, this.#last].find((c) => c && c.hash === looked?.hash);
    this.#context.set({
      ended: [...news.reverse(), ...model.ended].slice(0, mostEnded),
      requests: model.requests.filter(({ hash }) => !this.#told.has(hash)),
    });
    if (!looked || model.screen !== 'request' || model.busy) return;
    const { requester, consumer } = card ?? {};
    this.#screens.become('outcome', { outcome: { requester, consumer, ...looked } });
  }

  // The device's own clock decides what is over on screen; the core checks again.
  async #tick() {
    const { model, env } = this.#context;
    const now = env.clock.now();
    const expired = model.requests.filter(({ deadline }) => Date.parse(deadline) <= now);
    this.#over(expired.map(({ hash, path }) => ({ hash, path, how: 'expired' })));
    this.#context.set({ now });
    return 1000 - (now % 1000);
  }
}
