import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import vm from 'node:vm';

const source = await readFile(new URL('../app/sw.js', import.meta.url), 'utf8');
const base = 'https://vault.example/v1/stillvault/app/';
const sha = (text) => createHash('sha256').update(text).digest('hex');

function cacheStorage() {
  const all = new Map();
  return {
    all,
    keys: async () => [...all.keys()],
    delete: async (name) => all.delete(name),
    async open(name) {
      if (!all.has(name)) all.set(name, new Map());
      const entries = all.get(name);
      return { put: async (url, r) => { entries.set(url.href, r); }, match: async (url) => entries.get(url.href)?.clone() };
    },
  };
}

// Runs sw.js of one version over a network and caches that may be shared.
function worker({ bundle, list, network, caches = cacheStorage() }) {
  const handlers = {};
  const self = {
    location: { href: `${base}sw.js` }, clients: { claim: async () => {} }, skipped: false,
    skipWaiting() { self.skipped = true; }, addEventListener: (type, handler) => { handlers[type] = handler; },
  };
  const fetched = [];
  const fetch = async (url) => {
    const name = url.href.slice(base.length);
    fetched.push(name);
    return name in network ? new Response(network[name]) : new Response('', { status: 404 });
  };
  const text = source.replaceAll('{{bundle}}', bundle).replaceAll('{{files}}', JSON.stringify(list)).replaceAll('{{headers}}', JSON.stringify(protection));
  vm.runInNewContext(text, { self, caches, fetch, URL, Response, TextEncoder, crypto, Uint8Array, JSON, Object, Promise, Array, Error });
  const fire = async (type, event = {}) => {
    let work;
    handlers[type]({ ...event, waitUntil: (p) => { work = p; }, respondWith: (p) => { work = p; } });
    return work;
  };
  return { fire, caches, fetched, self };
}

const request = (url, method = 'GET') => ({ request: { url, method } });
const network = { 'index.html': '<html>', 'b1/main.js': 'main' };
const protection = { 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'" };
const list = { 'index.html': sha('<html>'), 'b1/main.js': sha('main') };

test('what was installed is served without the network', async () => {
  const w = worker({ bundle: 'b1', list, network: { ...network } });
  await w.fire('install');
  await w.fire('activate');
  w.fetched.length = 0;
  assert.equal(await (await w.fire('fetch', request(base))).text(), '<html>');
  assert.equal(await (await w.fire('fetch', request(`${base}b1/main.js`))).text(), 'main');
  assert.deepEqual(w.fetched, []);
});

test('what is served has the headers that protect it, though they were lost on the way', async () => {
  const w = worker({ bundle: 'b1', list, network: { ...network } });
  const lacking = await w.fire('fetch', request(base));
  await w.fire('install');
  for (const response of [lacking, await w.fire('fetch', request(base))]) {
    assert.equal(response.headers.get('Content-Security-Policy'), protection['Content-Security-Policy']);
    assert.match(response.headers.get('Content-Type'), /^text\/plain/);
  }
});

test('one altered or missing file, and nothing is stored', async () => {
  for (const changed of [{ ...network, 'b1/main.js': 'evil' }, { 'index.html': '<html>' }]) {
    const w = worker({ bundle: 'b1', list, network: changed });
    await assert.rejects(w.fire('install'));
    assert.equal(w.caches.all.size, 0);
  }
});

test('calls, other origins and the manifest pass by', async () => {
  const w = worker({ bundle: 'b1', list, network });
  for (const [url, method] of [
    ['https://vault.example/v1/stillvault/device/inbox', 'POST'], ['https://vault.example/v1/stillvault/enroll/x/status', 'GET'],
    ['https://elsewhere.example/v1/stillvault/app/index.html', 'GET'], [`${base}manifest.json`, 'GET'], [base, 'POST'],
  ]) assert.equal(await w.fire('fetch', request(url, method)), undefined, url);
});

test('a newer version is whole beside the old one until it is told to take over', async () => {
  const caches = cacheStorage();
  const old = worker({ bundle: 'b1', list, network: { ...network }, caches });
  await old.fire('install');
  const next = { 'index.html': '<html2>', 'b2/main.js': 'main2' };
  const w = worker({ bundle: 'b2', list: { 'index.html': sha('<html2>'), 'b2/main.js': sha('main2') }, network: next, caches });
  await w.fire('install');
  assert.equal(w.self.skipped, false);
  assert.equal(await (await old.fire('fetch', request(base))).text(), '<html>');
  await w.fire('message', { data: { type: 'update' } });
  assert.equal(w.self.skipped, true);
  await w.fire('activate');
  assert.deepEqual([...caches.all.keys()], ['stillvault-b2']);
});

test('a cache that the browser threw away is only replaced by the very same files', async () => {
  const w = worker({ bundle: 'b1', list, network: { ...network, 'index.html': '<newer>' } });
  await assert.rejects(w.fire('fetch', request(base)));
  assert.equal(await (await w.fire('fetch', request(`${base}b1/main.js`))).text(), 'main');
});
