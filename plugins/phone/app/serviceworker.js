// The page's side of the service worker: registering it, and taking a newer
// version as a whole when the person says so.
import { scriptURL } from './trusted.js';

const often = 60 * 60_000; // ms between two looks for a newer version at least

/**
 * Registers the service worker and watches for newer versions: at each start, and
 * while the app stays open, when somebody comes back to it.
 * @param {{waits: () => void, reload: () => void, page: import('./page.js').Page, container?: ServiceWorkerContainer}} on waits: a newer version is here
 * @returns {{update: () => void}}
 */
export function keepOffline({ waits, reload, page, container = navigator.serviceWorker }) {
  let registration = null;
  if (!container) return { update: reload };
  // The first one to take control changes nothing; any later one does.
  let controlled = container.controller !== null;
  container.addEventListener('controllerchange', () => {
    if (controlled) reload();
    controlled = true;
  });
  const watch = (worker) => worker?.addEventListener('statechange', () => {
    if (worker.state === 'installed' && container.controller) waits();
  });
  container.register(scriptURL('service'), { updateViaCache: 'none' }).then((r) => {
    registration = r;
    if (r.waiting && container.controller) waits();
    watch(r.installing);
    r.addEventListener('updatefound', () => watch(r.installing));
    let looked = 0;
    const lookFor = () => {
      if (!page.visible() || !page.online() || Date.now() - looked < often) return;
      looked = Date.now();
      r.update().catch(() => { looked = 0; });
    };
    page.changed(lookFor);
    lookFor();
  }).catch(() => {
    // Without it the app works while there is a network; the table of what this
    // browser can do says so.
  });
  return {
    update() {
      if (registration?.waiting) registration.waiting.postMessage({ type: 'update' });
      else reload();
    },
  };
}

/**
 * Removes every cache and every service worker of this app.
 * @param {URL} app the app's address
 */
export async function eraseOffline(app) {
  const names = (await globalThis.caches?.keys()) ?? [];
  await Promise.all(names.filter((name) => name.startsWith('stillvault-')).map((name) => caches.delete(name)));
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.filter(({ scope }) => scope === app.href).map((r) => r.unregister()));
}
