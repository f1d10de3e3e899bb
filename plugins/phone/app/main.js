// The app begins here: what the browser offers is put together once, and a session
// works with it.
import { mount } from './view/app.js';
import { createBroker, originsOf } from './broker.js';
import { startCore } from './core.js';
import { holdLink } from './link.js';
import { createLock } from './lock.js';
import { realClock, watchPage } from './page.js';
import { namesOf } from './names.js';
import { makePasskey, usePasskey } from './passkey.js';
import { Session } from './session.js';
import { eraseOffline, keepOffline, letGo, patientReload } from './serviceworker.js';
import { openStore } from './store.js';
import { look } from './support.js';
import { scriptURL } from './trusted.js';

const app = new URL('./', document.baseURI);
const names = namesOf(app);

const link = holdLink(names.link);
link.take();

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? '';
const policy = document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.content ?? '';
const origins = originsOf(policy, location.origin);

// The mount's own copy lies at …/v1/<mount>/app/, beside the calls. A copy at an
// origin of its own learns from the invitation where they are; for whoever has
// none, it knows Vault's origin, where the mount is unless it was put elsewhere.
const own = meta('stillvault-copy') === 'own';
const vault = [...origins].find((origin) => origin !== location.origin) ?? location.origin;
const base = own ? `${vault}/v1/stillvault` : app.href.replace(/\/app\/$/, '');

// The worker starts to load at once, whatever has to be looked at first.
let early = startCore(() => new Worker(scriptURL('worker'), { type: 'module' }));

function nextCore() {
  const core = early ?? startCore(() => new Worker(scriptURL('worker'), { type: 'module' }));
  early = null;
  return core;
}

const page = watchPage();

const browserHistory = {
  push: (depth) => history.pushState({ depth }, ''),
  back: () => history.back(),
  onPop: (listener) => window.addEventListener('popstate', listener),
};

let show = () => {};
let usable = false;

const reloading = patientReload(() => location.reload());

function render(model) {
  show(model);
  reloading.shown(model);
  document.documentElement.dataset.ready = model.screen;
  if (!usable && model.screen !== 'loading') {
    usable = true;
    performance.measure('usable', { start: 0 });
  }
}

const lock = createLock(names.lock, { gained: () => session.gained(), lost: () => session.lost(), busy: () => session.busy() });
const session = new Session({
  about: { copy: meta('stillvault-copy'), bundle: meta('stillvault-bundle'), version: meta('stillvault-version'), support: [] },
  render, lock, link, look, base, performance,
  app: app.href, origin: location.origin, rpId: location.hostname,
  clock: realClock, page, history: browserHistory,
  passkey: { make: makePasskey, use: usePasskey },
  broker: (at) => createBroker(at, { origins, own: location.origin }),
  openStore: () => openStore(names.database),
  startCore: nextCore,
  persist: async () => { await navigator.storage?.persist?.().catch(() => false); },
  erase: async () => {
    link.forget();
    await eraseOffline(app, names.caches);
  },
  update: () => offline.update(),
  reload: () => location.reload(),
});
show = mount(document.getElementById('app') ?? document.body, session.actions);
const offline = keepOffline({
  page, waits: (other) => session.updatable(other), replaced: () => reloading.due(),
  lower: async () => { if (await letGo(app, names.caches)) reloading.due(); },
});

window.addEventListener('hashchange', () => {
  const fragment = link.take();
  if (fragment) session.linked(fragment);
});
session.start();
