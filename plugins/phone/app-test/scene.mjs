// A session with everything around it played by this file: a core that answers
// from a script, a store in memory, a broker, a clock that stands still until told.
import { Session } from '../app/session.js';
import { Failure } from '../app/failure.js';

/** Lets everything that can happen without time passing happen. */
export async function settle() {
  for (let i = 0; i < 60; i++) await Promise.resolve();
}

export function fakeClock(start = 1_000_000) {
  let now = start;
  const sleepers = new Set();
  return {
    now: () => now,
    sleep: (ms, signal) => new Promise((resolve) => {
      const sleeper = { at: now + ms, resolve };
      sleepers.add(sleeper);
      signal.addEventListener('abort', () => { sleepers.delete(sleeper); resolve(); }, { once: true });
    }),
    sleeping: () => sleepers.size,
    async advance(ms) {
      now += ms;
      for (const sleeper of [...sleepers]) {
        if (sleeper.at <= now) {
          sleepers.delete(sleeper);
          sleeper.resolve();
        }
      }
      await settle();
    },
  };
}

export function fakePage() {
  const listeners = new Set();
  const page = {
    isVisible: true,
    isOnline: true,
    visible: () => page.isVisible,
    online: () => page.isOnline,
    changed(listener, signal) {
      listeners.add(listener);
      signal?.addEventListener('abort', () => listeners.delete(listener));
    },
    async become(changes) {
      Object.assign(page, changes);
      for (const listener of [...listeners]) listener();
      await settle();
    },
  };
  return page;
}

function memoryStore(kept) {
  return {
    full: false,
    all: async () => ({ ...kept }),
    async write(changes) {
      if (this.full) throw new Failure('storage_full', 'no room');
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) delete kept[key];
        else kept[key] = value;
      }
    },
    async wipe() { for (const key of Object.keys(kept)) delete kept[key]; },
    close() {},
  };
}

function fakeHistory() {
  const listeners = [];
  return {
    push() {},
    back: () => listeners.forEach((l) => l()),
    onPop: (l) => listeners.push(l),
  };
}

/**
 * @param {object} script ops: {name: (args, secrets, kept) => ok}; broker: {"POST path": (body) => data}; passkey; kept
 */
export function scene({ ops = {}, broker = {}, passkey = {}, kept = {}, fragment = null } = {}) {
  const s = {
    log: [], // what happened, in order
    kept, ops, routes: broker, models: [],
    store: memoryStore(kept), clock: fakeClock(), page: fakePage(), handed: [], erased: false, stopped: 0, link: fragment,
  };
  const call = async (op, args, secrets = {}) => {
    s.log.push(op);
    s.handed.push(...Object.values(secrets));
    return (s.ops[op] ?? (() => ({})))(args, secrets, kept);
  };
  const route = (method) => async (path, body, options) => {
    s.log.push(`${method} ${path}`);
    const signal = (method === 'GET' ? body : options)?.signal;
    const answer = s.routes[`${method} ${path}`];
    if (!answer) throw new Failure('broker_path_missing', 'no route', 404);
    return new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
      Promise.resolve().then(() => answer(body, signal)).then(resolve, reject);
    });
  };
  const gesture = { assertion: { credentialId: 'c' } };
  s.session = new Session({
    about: { copy: 'mount', bundle: 'b', version: '1', support: [] },
    render: (model) => { s.model = model; s.models.push({ ...model }); },
    clock: s.clock, page: s.page, history: fakeHistory(),
    performance: { now: () => s.clock.now(), measure: (name) => s.log.push(`measure ${name}`) },
    passkey: {
      make: async () => { s.log.push('create()'); return { credentialId: 'c' }; },
      use: async () => { s.log.push('get()'); return { ...gesture, prf: new Uint8Array(32).fill(7) }; },
      ...passkey,
    },
    broker: () => ({ post: route('POST'), get: route('GET') }),
    openStore: async () => s.store,
    startCore: () => ({ call, stop: () => { s.stopped++; } }),
    lock: { start: () => s.session.gained(), take: () => s.log.push('take'), release: () => s.log.push('release') },
    link: { peek: () => s.link, put: (f) => { s.link = f; }, forget: () => { s.link = null; } },
    base: 'https://vault.example/v1/stillvault', app: 'https://vault.example/v1/stillvault/app/', origin: 'https://vault.example', rpId: 'vault.example',
    persist: async () => { s.log.push('persist'); }, erase: async () => { s.erased = true; },
    update: () => s.log.push('update'), reload: () => s.log.push('reload'),
    look: async () => [{ what: 'WebAuthn', ok: true, needed: true, text: '' }],
  });
  s.actions = s.session.actions;
  s.started = async () => { await s.session.start(); await settle(); return s; };
  s.happened = (...what) => s.log.filter((entry) => what.includes(entry));
  return s;
}

export const card = (changes = {}) => ({
  hash: 'h1', id: 'r1', path: 'prod/db', requester: 'ci', consumer: 'vault', reason: 'deploy', lease: 900,
  deadline: new Date(1_300_000).toISOString(), consentFirst: false, consented: false, agreed: false, ...changes,
});

/** The script of a device that is admitted and to which this waits. */
export function ready(requests = [card()], changes = {}) {
  const state = { stage: 'ready', name: 'alice', deviceName: 'alice-phone', base: '', rpId: 'vault.example', fingerprint: [], link: null, unsent: 0, alarm: null };
  const list = { requests };
  return {
    list,
    ops: {
      open: () => state,
      call: ({ after, wait }) => ({ call: `${after}/${wait}` }),
      receive: () => ({ more: false, after: 'r1', listed: true, requests: list.requests, refused: [], ended: list.ended ?? [], alarm: null }),
      unsent: () => [],
      gesture: () => ({ challenge: 'x', salt: 'y', credentialId: 'c' }),
      approve: () => ({ keep: { 'unsent/1': 'x' }, release: 'R', request: 'Q', counter: 1, consent: false }),
      deny: () => ({ keep: { 'unsent/1': 'x' }, release: 'R', request: 'Q', counter: 1, consent: false }),
      sent: ({ state: s }) => ({ keep: { 'unsent/1': null, sent: s } }),
      ...changes.ops,
    },
    broker: {
      'POST device/inbox': ({ call }, signal) => (call.endsWith('/0') ? { sealed: 's' } : new Promise((resolve, reject) => {
        list.wake = () => resolve({ sealed: 's' });
        signal.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')));
      })),
      'POST device/answer': () => ({ state: 'approved' }),
      ...changes.broker,
    },
  };
}
