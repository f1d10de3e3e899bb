// The service worker: holds one whole version of the app, every file verified
// against the list below, and serves nothing else. A newer version is fetched as a
// whole beside it and takes over when no tab is open or the person says so.
// Answers of the broker never pass through its cache.

const bundle = '{{bundle}}';
const files = JSON.parse('{{files}}'); // name: SHA-256 in hex
const protection = JSON.parse(`{{headers}}`); // headers of every file
const prefix = 'stillvault-';
const scope = new URL('./', self.location.href);

const cacheName = `${prefix}${bundle}`;

async function digest(bytes) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (b) => b.toString(16).padStart(2, '0')).join('');
}

async function fetchVerified(name, want) {
  const url = new URL(name, scope);
  const fresh = name.startsWith(`${bundle}/`) ? 'default' : 'no-cache';
  const response = await fetch(url, { cache: fresh, credentials: 'omit', redirect: 'error', referrerPolicy: 'no-referrer' });
  if (!response.ok) throw new Error(`${name}: status ${response.status}`);
  const bytes = await response.arrayBuffer();
  if (await digest(bytes) !== want) throw new Error(`${name}: not the file that this version lists`);
  // The headers that protect the app are this version's too: a mount that lets
  // none through, or a cache that drops them, cannot take them off for good.
  const type = response.headers.get('Content-Type') ?? 'application/octet-stream';
  return [url, new Response(bytes, { headers: { ...protection, 'Content-Type': type } })];
}

// All or nothing: nothing is stored until every file has been verified.
async function install() {
  const verified = await Promise.all(Object.entries(files).map(([name, want]) => fetchVerified(name, want)));
  const cache = await caches.open(cacheName);
  await Promise.all(verified.map(([url, response]) => cache.put(url, response)));
}

async function activate() {
  const old = (await caches.keys()).filter((name) => name.startsWith(prefix) && name !== cacheName);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

function nameOf(request) {
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== scope.origin || !url.pathname.startsWith(scope.pathname)) return null;
  const name = url.pathname.slice(scope.pathname.length);
  return name === '' ? 'index.html' : name;
}

async function serve(name) {
  const cache = await caches.open(cacheName);
  const found = await cache.match(new URL(name, scope));
  if (found) return found;
  // The browser may have thrown the cache away: only the very same file will do.
  const [, response] = await fetchVerified(name, files[name]);
  return response;
}

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const name = nameOf(event.request);
  if (name !== null && Object.hasOwn(files, name)) event.respondWith(serve(name));
});
self.addEventListener('message', (event) => {
  if (event.data?.type === 'update') self.skipWaiting();
});

// Here the push event will be answered: with a notice that something waits, and
// nothing of what it is.
