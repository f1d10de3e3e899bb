// Whether somebody looks at this page, and whether it has a network.

/**
 * Watches a document.
 * @param {{doc?: Document, nav?: Navigator, win?: Window}} [browser]
 * @returns {Page}
 * @typedef {{visible: () => boolean, online: () => boolean, changed: (listener: () => void, signal?: AbortSignal) => void}} Page
 */
export function watchPage({ doc = document, nav = navigator, win = window } = {}) {
  return {
    visible: () => doc.visibilityState === 'visible',
    online: () => nav.onLine !== false,
    changed(listener, signal) {
      doc.addEventListener('visibilitychange', listener, { signal });
      win.addEventListener('online', listener, { signal });
      win.addEventListener('offline', listener, { signal });
      // A page that comes back from the back-forward cache may say nothing else.
      win.addEventListener('pageshow', listener, { signal });
    },
  };
}

/** The clock that loops run by. */
export const realClock = {
  now: () => Date.now(),
  /**
   * Waits; ends early, without an error, when the signal is aborted.
   * @param {number} ms
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  sleep: (ms, signal) => new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  }),
};
