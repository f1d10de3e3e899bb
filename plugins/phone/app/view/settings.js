import { h } from '../dom.js';
import { copy } from './deed.js';
import { button, connection, fault, frame, news, progress, tabs } from './frame.js';
import { field, form } from './form.js';
import { icon, stamp } from './icon.js';
import { foreign, listed, path, visible } from './text.js';

/**
 * What this device is, and what can be done about it.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function settings(model, actions, local) {
  return frame({ screen: 'settings', heading: 'Settings', tabs: tabs(model, actions, 'settings') },
    connection(model, actions),
    fault(model),
    news(model, actions),
    SECTIONS.map(({ id, title, show }) => {
      const body = show(model, actions, local);
      return body && h('section', { class: 'part', 'aria-labelledby': `set-${id}`, 'data-key': id }, h('h2', { id: `set-${id}` }, title), body);
    }));
}

// In the order shown; a section that returns null is not there.
const SECTIONS = [
  { id: 'device', title: 'This device', show: thisDevice },
  { id: 'keyring', title: 'Your keyring', show: keyring },
  { id: 'receipts', title: 'Your receipts', show: receipts },
  { id: 'about', title: 'About this app', show: about },
  { id: 'leave', title: 'Leave', show: leave },
];

function thisDevice(model) {
  const me = model.me ?? {};
  return h('dl', { class: 'plainfacts' },
    h('dt', {}, 'Name'), h('dd', {}, foreign(me.deviceName, 'device')),
    h('dt', {}, 'Approver'), h('dd', {}, foreign(me.name, 'approver')),
    h('dt', {}, 'Organisation'), h('dd', { class: 'mono', 'data-field': 'organisation' }, visible(me.organisationWords)),
    h('dt', {}, 'Vault'), h('dd', {}, path(me.base ?? '', 'base')));
}

function keyring(model, actions) {
  const factors = (model.me?.factors ?? []).map((factor) => ({ passkey: 'a passkey', password: 'password with recovery key' }[factor] ?? factor));
  return [
    factors.length > 0 ? h('p', {}, `Opened by ${listed(factors, 'or by')}.`) : null,
    h('ul', { class: 'list' },
      link('devices', 'Devices', 'All that hold your keyring; add one', actions),
      link('check', 'Recovery check-up', 'Make sure that passkey and paper still open it', actions)),
  ];
}

function link(screen, label, more, actions) {
  return h('li', { class: 'item', 'data-key': screen },
    h('button', { class: 'row', type: 'button', 'data-action': `show-${screen}`, on: { click: () => actions.show(screen) } },
      h('span', { class: 'row-text' }, h('span', { class: 'row-name' }, label), h('span', { class: 'more' }, more)),
      h('span', { class: 'row-end' }, icon('forth'))));
}

// What proves that the broker shows all of this device's receipts, the last included.
function receipts(model, _, local) {
  if (!model.head) {
    return null;
  }
  const copied = local.get('copied');
  return [h('p', {}, 'The last receipt of this device. Whoever holds the broker’s receipts against it sees if one was kept back: ',
    h('code', { class: 'mono' }, 'stillvault receipts verify FILE --device-head …')),
  h('p', { class: 'mono wrap small', 'data-field': 'receipt-head' }, visible(model.head)),
  h('p', {}, button(model, { action: 'copy-head', kind: 'secondary', run: async () => local.set({ copied: await copy(model.head) }) }, copied ? 'Copied' : 'Copy'))];
}

function about(model) {
  return [h('p', { 'data-field': 'served', 'data-copy': model.copy }, model.copy === 'own'
    ? 'Served by your organisation’s own origin.'
    : 'Served by Vault’s mount: for development and small installs. Whoever serves this app could read what it opens; in production it comes from an origin of your own.'),
  h('dl', { class: 'plainfacts' },
    h('dt', {}, 'Version'), h('dd', { 'data-field': 'app-version' }, visible(model.version || 'unknown')),
    h('dt', {}, 'Bundle'), h('dd', { class: 'mono wrap', 'data-field': 'bundle' }, visible(model.bundle)))];
}

function leave(model, actions) {
  return h('ul', { class: 'list' }, link('sign-out', 'Sign out', 'Wipes the keyring from this device', actions));
}

/**
 * Asks for the device's name before it wipes everything.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function signOut(model, actions, local) {
  if (model.signedOut) {
    return signedOut(model, actions);
  }
  const name = model.me?.deviceName || 'sign out';
  const submit = (values) => {
    if (values['confirm-name'].trim() !== name) {
      local.set({ slip: `Type ${name}, exactly so.` }, '#in-confirm-name');
      return;
    }
    actions.signOut();
  };
  const unsent = (model.history ?? []).filter(({ state }) => state === 'unsent').length;
  const bar = [fault(model), progress(model), h('div', { class: 'choice' },
    h('button', { class: 'plain', type: 'button', 'data-action': 'back', on: { click: () => actions.show('settings') } }, 'Stay'),
    button(model, { action: 'sign-out', kind: 'deny deny-sure', of: 'leave' }, 'Sign out and wipe'))];
  return frame({ screen: 'sign-out', heading: 'Sign out of this device', back: () => actions.show('settings'), backTo: 'Settings', bar },
    h('p', { class: 'lede' }, 'Everything that Stillvault keeps here is deleted: the keyring’s wraps, this device’s key, your history and the app itself.'),
    h('ul', { class: 'steps' },
      h('li', {}, 'You can no longer approve here. Your other devices stay as they are.'),
      h('li', {}, 'Your organisation still counts this device as admitted until its signer revokes it: tell them.'),
      h('li', {}, 'To come back you need a new link, or your password and recovery key. The backup file is needed only where Vault keeps no copy of your keyring.'),
      h('li', {}, 'The passkey stays in your passkey manager; delete it there if you want. It opens nothing by itself.'),
      unsent > 0 ? h('li', { class: 'strong' }, unsent === 1 ? 'One answer has not been sent yet and would be lost.' : `${unsent} answers have not been sent yet and would be lost.`) : null),
    form(model, submit, { id: 'leave' },
      field({ name: 'confirm-name', slip: local.get('slip'), label: [`Type `, h('bdi', { class: 'mono', 'data-field': 'confirm-name' }, visible(name)), ` to confirm`] })));
}

function signedOut(model, actions) {
  const bar = button(model, { action: 'retry', kind: 'secondary', run: () => actions.retry() }, 'Start again');
  return frame({ screen: 'sign-out', heading: 'Signed out', bar },
    h('div', { class: 'verdict', 'data-field': 'signed-out' }, stamp('none')),
    h('p', { class: 'lede' }, 'Nothing of Stillvault is kept on this device any more. You can close this page.'));
}
