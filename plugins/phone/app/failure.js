// Errors as the page shows them: a name, which is what tests and documents use,
// and a text that ends in what to do next.

/** An error with a name from the protocol, the broker or this page. */
export class Failure extends Error {
  /**
   * @param {string} name the error's name, such as storage_full
   * @param {string} text what happened and what to do next
   * @param {number} [status] the HTTP status, where the broker answered
   */
  constructor(name, text, status = 0) {
    super(text);
    this.name = name;
    this.text = text;
    this.status = status;
  }
}

// The log or the organisation is not what this device pinned: nothing that comes
// through this broker may be acted on until a person has looked into it.
const alarming = new Set(['roster_rolled_back', 'roster_forked', 'organisation_mismatch']);

/**
 * Says whether an error must stop everything and be shown on its own screen.
 * @param {{name: string}} error
 * @returns {boolean}
 */
export function isAlarm(error) {
  return alarming.has(error.name);
}

/**
 * Says whether somebody gave up on purpose, so that there is nothing to show.
 * @param {unknown} error
 * @returns {boolean}
 */
export function isAborted(error) {
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * Makes a Failure of whatever was thrown, without its stack or other detail.
 * @param {unknown} error
 * @returns {Failure}
 */
export function failureOf(error) {
  if (error instanceof Failure) return error;
  const said = error instanceof Error ? `${error.name}: ${error.message}` : 'no detail';
  return new Failure('app_fault', `the app ran into something that it does not know (${said}); reload the page`);
}

/**
 * Reads "doing: name: text" as the Go side words its errors, as the core does.
 * @param {string} text
 * @returns {{name: string, text: string}|null} null where the text has no such name
 */
export function readNamed(text) {
  // Vault's own sentences have colons too; what is taken for a name is one of ours.
  const found = /(?:^|[:;\n])[\s*]*([a-z][a-z0-9]*(?:_[a-z0-9]+)+|denied|draining|revoked)\s*(?:[:;\n]|$)([\s\S]*)/.exec(text);
  return found ? { name: found[1], text: found[2].trim() || text.trim() } : null;
}

/**
 * Puts what happened and what to do first, and what was being done behind it: the
 * core words its errors the other way round, "doing: name: what happened".
 * @param {string} name
 * @param {string} text
 * @returns {string}
 */
export function reworded(name, text) {
  const at = text.lastIndexOf(`${name}: `);
  if (at < 0) return text;
  const doing = text.slice(0, at).replace(/[:\s]+$/, '');
  const said = text.slice(at + name.length + 2);
  return doing === '' ? said : `${said} (${doing})`;
}

/**
 * The plain form that models carry.
 * @param {Failure} failure
 * @returns {{name: string, text: string, hint: string|null}} hint is "clock" where the clocks seem to differ
 */
export function shown(failure) {
  return { name: failure.name, text: textOf(failure), hint: hintOf(failure) };
}

// The broker knows a kit by its recovery key: one that was mistyped finds none.
function textOf({ name, text, status }) {
  if (name !== 'kit_missing' || status === 0) return text;
  return 'no keyring that Vault keeps fits this recovery key: compare every character with the paper; capital and small letters differ, and so do - and _. If all of it is right, Vault has lost its copy: use your backup file';
}

function hintOf(failure) {
  const stale = failure.name === 'request_from_the_future' || (failure.name === 'inbox_invalid' && /clock/.test(failure.text));
  return stale ? 'clock' : null;
}
