// One tab at work: two would answer the same request and count the same receipts.

/**
 * Watches over the one lock of this app.
 * @param {string} name of the lock
 * @param {{gained: () => void, lost: () => void, busy: () => void}} on gained: this tab is the one at work; busy: another is, and this tab waits its turn; lost: another took over
 * @param {LockManager} [locks]
 * @returns {{start: () => void, take: () => void, release: () => void}}
 *   take makes this tab the one at work, whoever is now; release lets go for good
 */
export function createLock(name, on, locks = navigator.locks) {
  let letGo = null; // resolves to give the lock back
  let queued = null; // aborts the wait for a turn

  // Each request knows for itself whether it got the lock: one that was given up
  // while waiting is refused in the same way as one that was robbed of it.
  const request = (options, refused) => {
    let held = false;
    return locks.request(name, options, (lock) => {
      if (!lock) return refused();
      held = true;
      return new Promise((resolve) => {
        letGo = resolve;
        on.gained();
      });
    }).catch((error) => {
      if (error?.name !== 'AbortError') throw error;
      if (!held) return;
      letGo = null;
      on.lost();
      wait();
    });
  };

  const wait = () => {
    queued = new AbortController();
    request({ signal: queued.signal });
  };

  return {
    start() {
      request({ ifAvailable: true }, () => {
        on.busy();
        wait();
      });
    },
    take() {
      if (letGo) return;
      queued?.abort();
      request({ steal: true });
    },
    release() {
      queued?.abort();
      letGo?.();
      letGo = null;
    },
  };
}
