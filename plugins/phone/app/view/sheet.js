import { h } from '../dom.js';
import { print, save } from './deed.js';
import { button, fault, frame, progress } from './frame.js';
import { field, form } from './form.js';
import { emblem } from './icon.js';
import { grouped, visible } from './text.js';
import { day } from './time.js';
import { step } from './welcome.js';

const GROUP = 4;

const unspaced = (text) => text.replace(/\s/gu, '');

/**
 * Says whether somebody who has the recovery key before them typed its end: the last
 * group as it is printed, which may be short, or the last four characters.
 * @param {string} key
 * @param {string} typed
 * @returns {boolean}
 */
export function endsSo(key, typed) {
  const end = unspaced(typed);
  return end !== '' && [lastGroup(key), key.slice(-GROUP)].includes(end);
}

function lastGroup(key) {
  return key.slice(-(key.length % GROUP || GROUP));
}

/**
 * Shows the recovery key, this one time, and makes sure that it was kept.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function sheet(model, actions, local) {
  const page = model.sheet ?? { recoveryKey: '' };
  const submit = (values, element) => {
    if (!endsSo(page.recoveryKey, values['last-four'])) {
      local.set({ slip: 'This is not the last group of the key. Capital and small letters differ, and so do - and _.' }, '#in-last-four');
      return;
    }
    element.reset();
    actions.confirmSheet();
  };
  const bar = [fault(model), progress(model), button(model, { action: 'confirm-sheet', of: 'kept' }, 'I have it on paper')];
  return [frame({ screen: 'sheet', heading: 'Your recovery key', bar, aside: step(4) },
    h('p', { class: 'lede' }, 'Shown once. Print this page or write it down, and keep it apart from this device.'),
    h('div', { class: 'keybox' }, grouped(page.recoveryKey, GROUP, 'recovery-key', 'key')),
    h('div', { class: 'pair' },
      button(model, { action: 'print-sheet', kind: 'secondary', run: () => print() }, 'Print'),
      button(model, { action: 'save-backup', kind: 'secondary', run: () => { save(page.backupName, page.backup); local.set({ saved: true }); } },
        local.get('saved') ? 'Backup file saved' : 'Save backup file')),
    h('p', { class: 'hint' }, 'Should every device be lost, this key and your password bring your keyring back from Vault. The backup file is for the day when Vault is gone too; alone it opens nothing. Keep it where files last, not beside the paper.'),
    form(model, submit, { id: 'kept' },
      field({
        name: 'last-four', label: 'Type the last group of the key, as it is printed', slip: local.get('slip'),
        input: { maxlength: '8', class: 'mono', dir: 'ltr', enterkeyhint: 'done' },
      }))), printed(page)];
}

/** The page that is printed: nothing but ink. */
function printed(page) {
  const facts = page.sheet ?? {};
  const rows = [['Organisation', facts.organisationWords], ['Organisation id', facts.organisation], ['Approver', facts.name], ['Device', facts.deviceName],
    ['Made on', day(facts.created)], ['Backup file', page.backupName]];
  return h('section', { class: 'paper', 'aria-hidden': 'true', 'data-key': 'paper' },
    h('div', { class: 'paper-top' }, emblem(), h('p', { class: 'paper-title' }, 'Stillvault recovery key')),
    grouped(page.recoveryKey, GROUP, null, 'key'),
    h('dl', { class: 'paper-facts' }, rows.filter(([, value]) => value).map(([name, value]) => [h('dt', {}, name), h('dd', {}, visible(value))])),
    h('p', {}, 'With the password that you chose, this key opens your approver’s keyring when every device is lost: open Stillvault, choose “I lost my devices”, and give both. Should Vault be gone as well, the backup file stands in for it. None of the three opens anything alone.'),
    h('p', {}, 'Keep this page where you keep documents that must last. Keep the backup file elsewhere, on storage that outlives your devices. Write the password on neither.'),
    h('p', {}, 'If somebody may have seen this page, tell your organisation’s signer and enrol again.'),
    h('p', { class: 'paper-line' }, 'Checked on'));
}
