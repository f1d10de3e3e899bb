// base64url without padding, as every message of the protocol writes bytes.

/**
 * @param {ArrayBuffer|Uint8Array} bytes
 * @returns {string}
 */
export function toBase64url(bytes) {
  let binary = '';
  for (const b of new Uint8Array(bytes)) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
export function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

/**
 * Zeroes what is still here of the given secrets; transferred ones are gone already.
 * @param {...(Uint8Array|null|undefined)} secrets
 */
export function wipe(...secrets) {
  for (const secret of secrets) secret?.fill(0);
}
