import test from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import vm from 'node:vm';

const source = await readFile(new URL('../app/sw.js', import.meta.url), 'utf8');
const mount = 'https://vault.example/v1/stillvault/app/';
const base = mount;
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
function worker({ bundle, list, network, caches = cacheStorage(), version = '1.0.0', base = mount }) {
  const handlers = {};
  const told = [];
  const self = {
    location: { href: `${base}sw.js` }, skipped: false,
    clients: { claim: async () => {}, matchAll: async () => [{ url: base, postMessage: (m) => told.push(m) }, { url: 'https://vault.example/v1/third/', postMessage: () => assert.fail('another page is told') }] },
    skipWaiting() { self.skipped = true; }, addEventListener: (type, handler) => { handlers[type] = handler; },
  };
  const fetched = [];
  const fetch = async (url) => {
    const name = url.href.slice(base.length);
    fetched.push(name);
    return name in network ? new Response(network[name]) : new Response('', { status: 404 });
  };
  const text = source.replaceAll('{{bundle}}', bundle).replaceAll('{{version}}', version).replaceAll('{{files}}', JSON.stringify(list)).replaceAll('{{headers}}', JSON.stringify(protection));
  vm.runInNewContext(text, { self, caches, fetch, URL, Response, TextEncoder, crypto, Uint8Array, JSON, Object, Promise, Array, Error });
  const fire = async (type, event = {}) => {
    let work;
    handlers[type]({ ...event, waitUntil: (p) => { work = p; }, respondWith: (p) => { work = p; } });
    return work;
  };
  return { fire, caches, fetched, self, told };
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
  assert.deepEqual([...caches.all.keys()], ['stillvault /v1/stillvault/app/ 1.0.0 b2']);
});

test('a cache that the browser threw away is only replaced by the very same files', async () => {
  const w = worker({ bundle: 'b1', list, network: { ...network, 'index.html': '<newer>' } });
  await assert.rejects(w.fire('fetch', request(base)));
  assert.equal(await (await w.fire('fetch', request(`${base}b1/main.js`))).text(), 'main');
});

test('only caches of this copy of the app are deleted', async () => {
  const caches = cacheStorage();
  for (const name of ['stillvault /v1/other/app/ 1.0.0 b0', 'stillvault /v1/stillvault/app/ 0.9.0 b0', 'stillvault /v1/stillvault/app/x/ 1.0.0 b0']) await caches.open(name);
  const w = worker({ bundle: 'b1', list, network, caches });
  await w.fire('install');
  await w.fire('activate');
  assert.deepEqual([...caches.all.keys()].sort(), [
    'stillvault /v1/other/app/ 1.0.0 b0', 'stillvault /v1/stillvault/app/ 1.0.0 b1', 'stillvault /v1/stillvault/app/x/ 1.0.0 b0',
  ]);
});

test('a lower version is not installed by itself, and the page is told of it', async () => {
  for (const [here, offered, lower] of [
    ['1.2.0', '1.1.9', true], ['1.10.0', '1.9.0', true], ['2.0.0', '1.9.9', true], ['0.1.1', '0.1', true],
    ['1.2.0', '1.2.0', false], ['1.2.0', '1.2.1', false], ['1.9.0', '1.10.0', false], ['0.9.9', '1.0.0', false],
  ]) {
    const caches = cacheStorage();
    await worker({ bundle: 'b0', version: here, list: {}, network, caches }).fire('install');
    const other = worker({ bundle: 'b0', version: '9.9.9', list: {}, network, caches, base: 'https://vault.example/v1/other/app/' });
    await other.fire('install'); // another copy's version is nothing to this one
    const w = worker({ bundle: 'b1', version: offered, list, network, caches });
    if (!lower) {
      await w.fire('install');
      assert.deepEqual(w.told, []);
      continue;
    }
    await assert.rejects(w.fire('install'), /is lower than/);
    assert.deepEqual([w.fetched, JSON.parse(JSON.stringify(w.told))], [[], [{ type: 'lower', version: offered }]]);
    assert.equal(caches.all.size, 2);
  }
});

test('a version says which one it is', async () => {
  const w = worker({ bundle: 'b1', version: '1.2.3', list, network });
  const said = [];
  await w.fire('message', { data: { type: 'version' }, source: { postMessage: (m) => said.push(JSON.parse(JSON.stringify(m))) } });
  assert.deepEqual(said, [{ type: 'version', version: '1.2.3' }]);
});
