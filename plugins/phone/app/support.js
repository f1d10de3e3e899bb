// What this browser must be able to do, and what it merely should. Which versions of
// which browsers can is for the views' table alone; this says what to do here.

const tests = [
  ['secure context', () => globalThis.isSecureContext, 'Open this page over https.'],
  // Only a header can refuse frames, and a mount may not let it through.
  ['own window', () => globalThis.top === globalThis.self, 'Another page shows this one inside of itself, and could lead your taps. Open it in a window of its own.'],
  ['WebAssembly', () => typeof WebAssembly?.instantiateStreaming === 'function', 'Turn off lockdown or strict mode for this page, or use another browser.'],
  ['DecompressionStream', () => typeof DecompressionStream === 'function', 'The browser is too old to unpack the app. Update it.'],
  ['IndexedDB', () => typeof indexedDB === 'object' && indexedDB !== null, 'Leave private browsing, or allow site data.'],
  ['Web Locks', () => typeof navigator.locks?.request === 'function', 'The browser is too old to keep two tabs from answering the same. Update it.'],
  ['AbortSignal.any', () => typeof AbortSignal?.any === 'function', 'The browser is too old to stop what is under way. Update it.'],
  ['WebAuthn', () => typeof globalThis.PublicKeyCredential === 'function', 'The browser cannot make or use passkeys. Update it, or use another one.'],
];

/**
 * Looks at the browser.
 * @returns {Promise<Array<{what: string, ok: boolean, needed: boolean, text: string}>>}
 *   text says what to do where ok is false. What is needed and not ok keeps the app from starting.
 */
export async function look() {
  const rows = tests.map(([what, test, text]) => ({ what, ok: passes(test), needed: true, text }));
  const can = await capabilities();
  rows.push({
    what: 'passkey PRF', needed: can?.['extension:prf'] === false, ok: can?.['extension:prf'] !== false,
    text: 'Passkeys cannot open anything in this browser, since it does not offer the PRF extension. Update it, or use one of those below.',
  }, {
    what: 'user verification', needed: false, ok: can?.userVerifyingPlatformAuthenticator ?? await hasPlatform(),
    text: 'Set up a screen lock, or use a security key with a PIN.',
  }, {
    what: 'service worker', needed: false, ok: 'serviceWorker' in navigator,
    text: 'Leave private browsing; without this the app needs the network to open.',
  });
  return rows;
}

/**
 * Says whether the app can start.
 * @param {Array<{ok: boolean, needed: boolean}>} rows
 * @returns {boolean}
 */
export function suffices(rows) {
  return rows.every(({ ok, needed }) => ok || !needed);
}

function passes(test) {
  try {
    return Boolean(test());
  } catch {
    return false;
  }
}

// Older browsers do not say; then the passkey itself will.
async function capabilities() {
  try {
    return await PublicKeyCredential.getClientCapabilities();
  } catch {
    return null;
  }
}

async function hasPlatform() {
  try {
    return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  } catch {
    return false;
  }
}
