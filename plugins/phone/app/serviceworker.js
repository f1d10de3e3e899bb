// The page's side of the service worker: registering it, and taking another
// version as a whole when the person says so.
import { scriptURL } from './trusted.js';

const often = 60 * 60_000; // ms between two looks for a newer version at least

// What these screens show, or what has been done on them, a reload would lose: a
// recovery key that nobody noted yet, a passkey half made, a device half added.
const unkept = ['passkey', 'password', 'sheet', 'add-device', 'join-device', 'restore'];

/**
 * Reloads when nothing is lost by it: not while something is under way, and not on a
 * screen that would not come back.
 * @param {() => void} reload
 * @returns {{due: () => void, shown: (model: {screen: string, busy: string|null, signedOut: boolean}) => void}}
 *   due asks for a reload; shown is told what the page shows, at each change
 */
export function patientReload(reload) {
  let due = false;
  let free = true;
  const attempt = () => {
    if (!due || !free) return;
    due = false;
    reload();
  };
  return {
    due() {
      due = true;
      attempt();
    },
    shown({ screen, busy, signedOut }) {
      free = !busy && !signedOut && !unkept.includes(screen);
      attempt();
    },
  };
}

/**
 * Registers the service worker and watches for other versions: at each start, and
 * while the app stays open, when somebody comes back to it.
 * @param {{waits: (other: {version: string, lower: boolean}) => void, replaced: () => void, lower: () => Promise<void>, page: import('./page.js').Page, container?: ServiceWorkerContainer}} on
 *   waits: another version is here, or offered where it is lower than this one;
 *   replaced: another one has taken over; lower: the person wants the lower one
 * @returns {{update: () => void}}
 */
export function keepOffline({ waits, replaced, lower, page, container = navigator.serviceWorker }) {
  let registration = null;
  let offered = false; // a lower version is
  if (!container) return { update: replaced };
  // The first one to take control changes nothing; any later one does.
  let controlled = container.controller !== null;
  container.addEventListener('controllerchange', () => {
    if (controlled) replaced();
    controlled = true;
  });
  container.addEventListener('message', ({ data }) => {
    if (data?.type === 'version') waits({ version: String(data.version), lower: false });
    if (data?.type !== 'lower') return;
    offered = true;
    waits({ version: String(data.version), lower: true });
  });
  const ask = (worker) => {
    offered = false;
    worker.postMessage({ type: 'version' });
  };
  const watch = (worker) => worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed' && container.controller) ask(worker);
  });
  container.register(scriptURL('service'), { updateViaCache: 'none' }).then((r) => {
    registration = r;
    if (r.waiting && container.controller) ask(r.waiting);
    watch(r.installing);
    r.addEventListener('updatefound', () => watch(r.installing));
    lookNowAndThen(r, page);
  }).catch(() => {
    // Without it the app works while there is a network; the table of what this
    // browser can do says so.
  });
  return {
    update() {
      if (offered) lower();
      else if (registration?.waiting) registration.waiting.postMessage({ type: 'update' });
      else replaced();
    },
  };
}

function lookNowAndThen(registration, page) {
  let looked = 0;
  const lookFor = () => {
    if (!page.visible() || !page.online() || Date.now() - looked < often) return;
    looked = Date.now();
    registration.update().catch(() => { looked = 0; });
  };
  page.changed(lookFor);
  lookFor();
}

/**
 * Removes every cache and the service worker of the app at an address, and nothing
 * of other copies of the app on the same origin.
 * @param {URL} app the app's address
 * @param {string} prefix how the names of its caches begin
 */
export async function eraseOffline(app, prefix) {
  const names = (await globalThis.caches?.keys()) ?? [];
  await Promise.all(names.filter((name) => name.startsWith(prefix)).map((name) => caches.delete(name)));
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.filter(({ scope }) => scope === app.href).map((r) => r.unregister()));
}

/**
 * Lets go of this version, so that a reload loads whatever the server has. Nothing is
 * let go of while the server does not answer.
 * @param {URL} app the app's address
 * @param {string} prefix how the names of its caches begin
 * @returns {Promise<boolean>} whether it was
 */
export async function letGo(app, prefix) {
  // The one file that never comes from the service worker.
  const answer = await fetch(new URL('sw.js', app), { cache: 'no-store', credentials: 'omit' }).catch(() => null);
  if (!answer?.ok) return false;
  await eraseOffline(app, prefix);
  return true;
}
