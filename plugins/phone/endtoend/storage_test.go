package endtoend

import "strings"

// dumpStorage returns everything that a page can store, as text: IndexedDB,
// caches, local and session storage. Bytes become hexadecimal digits.
const dumpStorage = `(async () => {
  const out = [];
  const show = (v) => {
    if (v instanceof ArrayBuffer) return new Uint8Array(v).toHex();
    if (ArrayBuffer.isView(v)) return new Uint8Array(v.buffer, v.byteOffset, v.byteLength).toHex();
    if (v instanceof CryptoKey) return 'CryptoKey ' + v.algorithm.name;
    if (Array.isArray(v)) return v.map(show).join('\n');
    if (v !== null && typeof v === 'object') return Object.entries(v).map(([k, w]) => k + '=' + show(w)).join('\n');
    return String(v);
  };
  const done = (r) => new Promise((yes, no) => { r.onsuccess = () => yes(r.result); r.onerror = () => no(r.error); });
  for (const { name } of await indexedDB.databases()) {
    const db = await done(indexedDB.open(name));
    for (const store of db.objectStoreNames) {
      const t = db.transaction(store).objectStore(store);
      const [keys, values] = await Promise.all([done(t.getAllKeys()), done(t.getAll())]);
      keys.forEach((k, i) => out.push('indexedDB ' + name + '/' + store + '/' + show(k) + ': ' + show(values[i])));
    }
    db.close();
  }
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const body = (await cache.match(request)).clone();
      const type = body.headers.get('Content-Type') ?? '';
      out.push('cache ' + name + ' ' + request.url + ': ' + (/json|text|javascript/.test(type) ? await body.text() : type));
    }
  }
  for (const [kind, s] of [['local', localStorage], ['session', sessionStorage]])
    for (const k of Object.keys(s)) out.push(kind + 'Storage ' + k + ': ' + s.getItem(k));
  out.push('cookies ' + document.cookie);
  return out.join('\n');
})()`

// stored is everything that the app stored in this browser.
func (p *phone) stored() string {
	p.t.Helper()
	return get[string](p, dumpStorage)
}

// kept is what the app keeps under a key, as it stands in the browser.
func (p *phone) kept(key string) string {
	p.t.Helper()
	for line := range strings.SplitSeq(p.stored(), "\nindexedDB ") {
		if _, value, ok := strings.Cut(line, "/"+key+": "); ok {
			return value
		}
	}
	return ""
}
