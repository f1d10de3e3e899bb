import { h } from '../dom.js';
import { save } from './deed.js';
import { button, connection, fault, frame, progress } from './frame.js';
import { account, clear, field, form } from './form.js';
import { stamp } from './icon.js';

function paperFields(model, slip) {
  return [
    account(model.me?.name),
    field({
      name: 'recovery', label: 'Recovery key', slip, hint: 'As on the printed page. Spaces do not matter, capital and small letters do.',
      input: { class: 'mono', dir: 'ltr' },
    }),
    field({ name: 'password', label: 'Password', input: { type: 'password', autocomplete: 'current-password' } }),
  ];
}

const unspaced = (text) => text.replace(/\s/gu, '');

/**
 * Brings a keyring back: from Vault, or from its backup file.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function restore(model, actions, local) {
  const submit = (values, element) => {
    if (unspaced(values.recovery) === '' || values.password === '') {
      local.set({ slip: 'Both are needed: neither opens anything alone.' }, unspaced(values.recovery) === '' ? '#in-recovery' : '#in-password');
      return;
    }
    local.set({ slip: null });
    actions.restore(values.backup, values.password, unspaced(values.recovery));
    clear(element, ['password', 'recovery']);
  };
  const bar = [fault(model), progress(model), button(model, { action: 'restore', of: 'restore' }, 'Restore')];
  return frame({ screen: 'restore', heading: 'Restore your keyring', back: () => actions.back(), bar },
    connection(model, actions),
    h('p', { class: 'lede' }, 'With the recovery key from your printed page, and your password. Both are used on this device only and never sent.'),
    form(model, submit, { id: 'restore' },
      paperFields(model, local.get('slip')),
      h('details', {}, h('summary', {}, 'Use a backup file'),
        field({ name: 'backup', label: 'Backup file', hint: 'Needed only if Vault has none of your keyring.', input: { type: 'file', accept: '.json,application/json' } }))),
    h('p', { class: 'hint' }, 'Then this device makes a passkey of its own, and your organisation’s signer admits it.'));
}

// What Vault keeps would not bring the keyring back; a file would.
const unkept = ['kit_missing', 'kit_differs'];

async function saveBackup(actions) {
  const file = await actions.backup();
  if (file) save(file.backupName, file.backup);
}

/**
 * Tries the ways into the keyring without changing anything.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function check(model, actions) {
  const submit = (values, element) => {
    actions.check(values.password, unspaced(values.recovery));
    clear(element, ['password', 'recovery']);
  };
  return frame({ screen: 'check', heading: 'Recovery check-up', back: () => actions.show('settings'), backTo: 'Settings' },
    h('p', { class: 'lede' }, 'A way back that was never tried is only a hope. Nothing is changed, and no secret is sent: for the paper, Vault is shown only a token that the recovery key gives.'),
    progress(model),
    model.checked ? h('div', { class: 'passed', role: 'status' }, stamp('yes'),
      h('p', {}, model.checked === 'passkey' ? 'Your passkey opens the keyring.' : 'Password and recovery key open the keyring, here and from the copy that Vault keeps for a new device.')) : null,
    fault(model),
    unkept.includes(model.error?.name) ? button(model, { action: 'save-backup', run: () => saveBackup(actions) }, 'Save the backup file') : null,
    h('section', { class: 'part', 'aria-labelledby': 'check-passkey' },
      h('h2', { id: 'check-passkey' }, 'The passkey'),
      button(model, { action: 'check-passkey', kind: 'secondary', run: () => actions.check() }, 'Try the passkey')),
    h('section', { class: 'part', 'aria-labelledby': 'check-paper' },
      h('h2', { id: 'check-paper' }, 'The paper'),
      form(model, submit, {}, paperFields(model), button(model, { action: 'check', kind: 'secondary' }, 'Try password and recovery key'))));
}
