import { h } from '../dom.js';
import { button, fault, frame, progress, sentence } from './frame.js';
import { emblem, stamp } from './icon.js';
import { path, prose, visible } from './text.js';

/**
 * Shown while the core is fetched and the device's state is read, or when that
 * failed.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function loading(model, actions) {
  if (model?.error) {
    return frame({
      screen: 'loading', heading: 'Stillvault cannot open',
      bar: [progress(model), button(model, { action: 'retry', run: () => actions.retry() }, 'Try again')],
    }, fault(model), model.error.name === 'storage_full' ? h('p', {}, 'Delete something else on this device, such as photos or other pages’ data, but not this page’s: your keyring is there.') : null);
  }
  return frame({ screen: 'loading', heading: 'Opening Stillvault', quiet: true },
    h('div', { class: 'opening' }, emblem(), h('p', { role: 'status' }, model?.busy || 'Opening…')));
}

/**
 * Shown where another tab holds the device's state.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function elsewhere(model, actions) {
  const bar = button(model, { action: 'use-here', run: () => actions.useHere() }, 'Use it here');
  return frame({ screen: 'elsewhere', heading: 'Open in another tab', bar },
    h('p', { class: 'lede' }, 'Stillvault works in one tab at a time, so that no request is answered twice.'),
    h('p', {}, 'Go back to that tab, or use it here: the other one then steps aside.'),
    fault(model));
}

const NEEDS = {
  'secure context': ['A secure connection', 'Open the link with https, as it was given to you.'],
  'own window': ['A window of its own', 'Another page shows this one inside of itself.'],
  WebAuthn: ['Passkeys', 'The browser cannot make or use passkeys.'],
  'passkey PRF': ['Passkeys that can unlock', 'The browser or the place where the passkey is kept does not offer the PRF extension. Without it a passkey can say yes, but cannot open anything.'],
  WebAssembly: ['WebAssembly', 'Some browsers switch it off in a lockdown or high-security mode.'],
  IndexedDB: ['Storage on this device', 'Private windows often refuse it. Use a normal window.'],
  'service worker': ['Working from the home screen', 'Private windows often refuse service workers. Use a normal window.'],
  'Web Locks': ['One tab at a time', 'The browser is too old to make sure of it.'],
  DecompressionStream: ['Unpacking the app', 'The browser is too old.'],
  'AbortSignal.any': ['Stopping what is under way', 'The browser is too old.'],
  'user verification': ['A check of who you are', 'This device has no screen lock that passkeys can use.'],
};

const WORKS = [
  ['iPhone and iPad', 'Safari from iOS 18, with the passkey in Apple Passwords.'],
  ['Mac', 'Safari 18 from macOS 15 with the passkey in Apple Passwords, or Chrome 132 and later.'],
  ['Android', 'Chrome 132 and later, with the passkey in Google Password Manager.'],
  ['Windows', 'Chrome or Edge with a passkey in Google Password Manager, or in Windows Hello where a recent Windows 11 offers it.'],
  ['Firefox', 'On desktops partly: it depends on the version and on where the passkey is kept.'],
  ['Security keys', 'Many work in desktop browsers, if the key has a PIN or fingerprint and supports hmac-secret.'],
];

/**
 * Says exactly what this browser lacks, and what is known to work.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function unsupported(model, actions) {
  const bar = button(model, { action: 'retry', kind: 'secondary', run: () => actions.retry() }, 'Check again');
  return frame({ screen: 'unsupported', heading: 'This browser lacks something', bar },
    h('p', { class: 'lede' }, 'Approving opens a secret on this device, and that needs all of these.'),
    h('table', { class: 'needs' },
      h('caption', { class: 'unseen' }, 'What Stillvault needs, and what this browser has'),
      h('thead', { class: 'unseen' }, h('tr', {}, h('th', { scope: 'col' }, 'What'), h('th', { scope: 'col' }, 'Here'))),
      h('tbody', {}, lacks(model.support ?? []).map(need))),
    h('h2', {}, 'What works'),
    h('dl', { class: 'plainfacts' }, WORKS.map(([where, text]) => [h('dt', {}, where), h('dd', {}, text)])),
    h('p', { class: 'fine' }, 'Browsers and passkey managers change. This page tries the passkey twice before anything relies on it, and says so if it does not hold.'),
    fault(model));
}

// Without a secure connection a browser hides most of the rest: it is not what lacks.
function lacks(rows) {
  const insecure = rows.find(({ what, ok }) => what === 'secure context' && !ok);
  return insecure ? [insecure] : rows;
}

function need({ what, ok, text }) {
  const [name, meaning] = NEEDS[what] ?? [what, ''];
  return h('tr', { class: ok ? null : 'lacks', 'data-what': what },
    h('th', { scope: 'row' }, name, ok ? null : h('span', { class: 'more block' }, visible(text || meaning))),
    h('td', {}, h('span', { class: ok ? 'dot dot-yes' : 'dot dot-no', 'aria-hidden': 'true' }), ok ? 'there' : 'missing'));
}

const ALARMS = {
  roster_rolled_back: 'This device has seen a newer list of who may approve what than the one it is shown now. Somebody may be hiding a change, or an old backup of Vault was restored.',
  roster_forked: 'This device is shown another history of who may approve what than the one it has seen. Both cannot be true.',
  organisation_mismatch: 'What answers here belongs to another organisation than the one this device was enrolled for.',
};

/**
 * Stops everything: the organisation's log cannot be trusted as it is shown.
 * @param {Object} model
 * @returns {Node[]}
 */
export function alarm(model) {
  const { name, text } = model.alarm ?? { name: '', text: '' };
  return frame({ screen: 'alarm', heading: 'Stop: do not approve anything' },
    h('div', { class: 'verdict verdict-stop' }, stamp('stop')),
    h('p', { class: 'lede' }, ALARMS[name] ?? 'What this device is shown contradicts what it knows.'),
    h('h2', {}, 'What to do'),
    h('ol', { class: 'steps' },
      h('li', {}, 'Approve nothing, on any device. Nothing can be approved here while this stands.'),
      h('li', {}, 'Call whoever holds your organisation’s signing key, by a number that you already have. Do not use a link or number from a message.'),
      h('li', {}, 'Read them the lines below.')),
    h('dl', { class: 'plainfacts' },
      h('dt', {}, 'What was found'), h('dd', { 'data-field': 'error-text' }, prose(sentence(name, text))),
      h('dt', {}, 'Name'), h('dd', { class: 'mono', 'data-field': 'error-name' }, visible(name)),
      model.me?.organisationWords ? [h('dt', {}, 'Organisation'), h('dd', { class: 'mono', 'data-field': 'organisation' }, visible(model.me.organisationWords))] : null,
      model.me?.base ? [h('dt', {}, 'Vault'), h('dd', {}, path(model.me.base))] : null));
}
