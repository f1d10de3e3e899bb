// The part of the address behind the #: an invitation. It leaves the address bar
// at once, and waits in this tab's session storage until the core has it.

/**
 * Takes the fragment out of the address.
 * @param {string} key under which it waits
 * @param {{location?: Location, history?: History, storage?: Storage}} [browser]
 * @returns {{peek: () => string|null, put: (fragment: string) => void, forget: () => void, take: () => string|null}}
 *   take moves the fragment, if there is one, from the address into storage and returns it
 */
export function holdLink(key, { location = window.location, history = window.history, storage = window.sessionStorage } = {}) {
  const held = {
    peek: () => storage.getItem(key),
    put: (fragment) => storage.setItem(key, fragment),
    forget: () => storage.removeItem(key),
    take() {
      const fragment = location.hash.slice(1);
      if (fragment === '') return null;
      history.replaceState(history.state, '', location.pathname + location.search);
      held.put(fragment);
      return fragment;
    },
  };
  return held;
}
