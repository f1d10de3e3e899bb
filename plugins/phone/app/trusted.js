// The one Trusted Types policy of the app. It knows two scripts, the worker and
// the service worker; everything else that asks for a trusted value is a mistake
// or an attack and gets an exception.

const allowed = new Set([
  new URL('./worker.js', import.meta.url).href,
  new URL('../sw.js', import.meta.url).href,
]);

/**
 * Lets a script's address through, if it is one of the two.
 * @param {string} url
 * @returns {string}
 */
export function checkScript(url) {
  if (!allowed.has(url)) throw new TypeError('not a script of this app');
  return url;
}

const policy = globalThis.trustedTypes?.createPolicy('stillvault', { createScriptURL: checkScript });

/**
 * The address of one of the app's two background scripts, as the browser wants it.
 * @param {'worker'|'service'} which
 * @returns {string|TrustedScriptURL}
 */
export function scriptURL(which) {
  const url = new URL(which === 'worker' ? './worker.js' : '../sw.js', import.meta.url).href;
  return policy ? policy.createScriptURL(url) : checkScript(url);
}
