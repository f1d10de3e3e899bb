const LONGEST = 64; // bytes, as in a certificate

// What shows as what it is: letters, marks, numbers, punctuation, symbols and the
// plain space, but none of those that show as nothing. The core has the same rule.
const HIDDEN = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufffd]/u;

/**
 * Says what is wrong with a device's name.
 * @param {string} name without space around it
 * @returns {?string} null where nothing is
 */
export function nameSlip(name) {
  if (name === '') {
    return 'Give this device a name.';
  }
  if (HIDDEN.test(name)) {
    return 'There is something in this name that does not show. Type it again, in plain letters.';
  }
  return new TextEncoder().encode(name).length > LONGEST ? 'This name is too long. Use 64 plain letters at most, fewer of others.' : null;
}
