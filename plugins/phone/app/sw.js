// The service worker: holds one whole version of the app, every file verified
// against the list below, and serves nothing else. A newer version is fetched as a
// whole beside it and takes over when no tab is open or the person says so; a lower
// one is not even fetched before the person has let go of this one.
// Answers of the broker never pass through its cache.

const bundle = '{{bundle}}';
const version = '{{version}}';
const files = JSON.parse('{{files}}'); // name: SHA-256 in hex
const protection = JSON.parse(`{{headers}}`); // headers of every file
const scope = new URL('./', self.location.href);
// As in names.js: other copies of the app have theirs on the same origin.
const prefix = `stillvault ${scope.pathname} `;
const cacheName = `${prefix}${version} ${bundle}`;

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

async function ownCaches() {
  return (await caches.keys()).filter((name) => name.startsWith(prefix));
}

// By the three numbers; what stands behind them orders nothing.
function isLower(one, other) {
  const [a, b] = [one, other].map((v) => v.split('.').map((n) => Number.parseInt(n, 10) || 0));
  const i = [0, 1, 2].find((n) => (a[n] ?? 0) !== (b[n] ?? 0));
  return i !== undefined && (a[i] ?? 0) < (b[i] ?? 0);
}

// Whoever serves the app could put an old version, with its mistakes, in place of a
// newer one: that takes the person's word, and the page asks for it.
async function refuseToGoBack() {
  const here = (await ownCaches()).map((name) => name.slice(prefix.length).split(' ')[0]);
  const newer = here.find((other) => isLower(version, other));
  if (newer === undefined) return;
  const pages = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  pages.filter(({ url }) => url.startsWith(scope.href)).forEach((page) => page.postMessage({ type: 'lower', version }));
  throw new Error(`version ${version} is lower than ${newer}, which is here`);
}

// All or nothing: nothing is stored until every file has been verified.
async function install() {
  await refuseToGoBack();
  const verified = await Promise.all(Object.entries(files).map(([name, want]) => fetchVerified(name, want)));
  const cache = await caches.open(cacheName);
  await Promise.all(verified.map(([url, response]) => cache.put(url, response)));
}

async function activate() {
  const old = (await ownCaches()).filter((name) => name !== cacheName);
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
  if (event.data?.type === 'version') event.source.postMessage({ type: 'version', version });
});

// Here the push event will be answered: with a notice that something waits, and
// nothing of what it is.
