// The names under which a copy of the app keeps things in the browser. Copies at
// several paths of one origin, such as two mounts of one Vault, share all of the
// browser's stores; each is told from the others by its path.

/**
 * Says under which names the copy at an address keeps its things.
 * @param {URL} app the app's address, ending in a slash
 * @returns {{database: string, lock: string, link: string, caches: string}} caches is how
 *   the names of its caches begin, and those of no other copy's
 */
export function namesOf(app) {
  // No address has a space in its path: no name begins with another one.
  const name = `stillvault ${app.pathname} `;
  return { database: `${name}store`, lock: `${name}lock`, link: `${name}link`, caches: name };
}
