// What survives a reload: a flat map of strings in IndexedDB, written as a whole.
// Several tabs may have it open; only the one that claimed it last can write.
import { Failure } from './failure.js';

const kept = 'kept'; // the core's strings, by their key
const holder = 'holder'; // one entry: the claim of the tab that may write

/**
 * Opens the store and claims it: whoever claimed it before cannot write any more.
 * @param {string} name of the database
 * @param {IDBFactory} [factory]
 * @returns {Promise<{all: () => Promise<Record<string, string>>, write: (changes: Record<string, string|null>) => Promise<void>, wipe: () => Promise<void>, close: () => void}>}
 */
export async function openStore(name, factory = indexedDB) {
  const db = await openDatabase(factory, name);
  const claim = crypto.randomUUID();
  await run(db, [holder], 'readwrite', (t) => t.objectStore(holder).put(claim, 'claim'));

  return {
    all: () => readAll(db),
    write: (changes) => writeAll(db, claim, changes),
    wipe: () => wipeAll(factory, db),
    close: () => db.close(),
  };
}

function openDatabase(factory, name) {
  return new Promise((resolve, reject) => {
    const opening = factory.open(name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore(kept);
      opening.result.createObjectStore(holder);
    };
    opening.onerror = () => reject(named(opening.error));
    opening.onsuccess = () => {
      // Another tab signs out or upgrades: do not stand in its way.
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
  });
}

function run(db, stores, mode, work) {
  return new Promise((resolve, reject) => {
    // A decision is on disk before it is sent: a crash must not forget it.
    const transaction = db.transaction(stores, mode, { durability: 'strict' });
    let refused = null;
    const refuse = (failure) => { refused = failure; transaction.abort(); };
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(refused ?? named(transaction.error));
    work(transaction, refuse);
  }).catch((error) => { throw error instanceof Failure ? error : named(error); });
}

async function readAll(db) {
  const all = {};
  await run(db, [kept], 'readonly', (t) => {
    const cursor = t.objectStore(kept).openCursor();
    cursor.onsuccess = () => {
      if (!cursor.result) return;
      all[cursor.result.key] = cursor.result.value;
      cursor.result.continue();
    };
  });
  return all;
}

function writeAll(db, claim, changes) {
  return run(db, [kept, holder], 'readwrite', (t, refuse) => {
    const claimed = t.objectStore(holder).get('claim');
    claimed.onsuccess = () => {
      if (claimed.result !== claim) {
        refuse(new Failure('other_tab', 'another tab of this app has taken over; go on there'));
        return;
      }
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) t.objectStore(kept).delete(key);
        else t.objectStore(kept).put(value, key);
      }
    };
  });
}

// Emptied first, since a tab that does not let go can delay the deletion.
async function wipeAll(factory, db) {
  await run(db, [kept, holder], 'readwrite', (t) => {
    t.objectStore(kept).clear();
    t.objectStore(holder).clear();
  });
  db.close();
  await new Promise((resolve, reject) => {
    const deleting = factory.deleteDatabase(db.name);
    deleting.onsuccess = resolve;
    deleting.onblocked = resolve;
    deleting.onerror = () => reject(named(deleting.error));
  });
}

function named(error) {
  if (error?.name === 'QuotaExceededError') {
    return new Failure('storage_full', 'this device has no room left to note what was decided, so nothing was sent; free some space and try again');
  }
  return new Failure('storage_failed', `the browser does not keep data for this page (${error?.name ?? 'no reason given'}); leave private browsing, or allow site data, and reload`);
}
