import { h } from '../dom.js';
import { copy } from './deed.js';
import { button, connection, fault, frame, progress, revoked } from './frame.js';
import { nameSlip } from './device-name.js';
import { field, form } from './form.js';
import { qrCode } from './qr.js';
import { foreign, visible } from './text.js';
import { clock, day, left } from './time.js';
import { copy as servedBy, invitation } from './welcome.js';

// What opens the keyring on a device.
const KINDS = { passkey: 'With a passkey', password: 'With password and recovery key', software: 'With a key file' };

const toSettings = (actions) => ({ back: () => actions.show('settings'), backTo: 'Settings' });

/**
 * All devices that hold the approver's keyring.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function devices(model, actions) {
  const bar = [fault(model), progress(model),
    model.revoked ? null : button(model, { action: 'add-device', run: () => actions.addDevice() }, 'Add a device')];
  return frame({ screen: 'devices', heading: model.revoked ? revoked(model) : 'Your devices', ...toSettings(actions), bar },
    connection(model, actions),
    h('ul', { class: 'list' }, (model.devices ?? []).map((device) => h('li', { class: 'item', 'data-key': device.id },
      h('div', { class: 'row' }, h('span', { class: 'row-text' },
        h('span', { class: 'row-name' }, foreign(device.name), device.here ? h('span', { class: 'tag' }, 'this one') : null),
        h('span', { class: 'more' }, KINDS[device.kind] ?? visible(device.kind), !device.admittedAt || (model.revoked && device.here) ? null : `, admitted on ${day(device.admittedAt)}`)))))),
    h('p', { class: 'hint' }, 'A device that is lost is revoked by your organisation’s signer; tell them at once.'));
}

/**
 * Hands the keyring to another device: its link, then the words that it shows, then one gesture.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function addDevice(model, actions, local) {
  const handover = model.handover ?? {};
  const show = { offered, given }[handover.step] ?? offerLink;
  return show(model, actions, local, handover);
}

function offerLink(model, actions, local, handover) {
  const bar = button(model, { action: 'copy', kind: 'secondary', run: async () => local.set({ copied: await copy(handover.link) }) },
    local.get('copied') ? 'Link copied' : 'Copy the link');
  return frame({ screen: 'add-device', heading: 'Add a device', ...devicesBack(actions), bar },
    connection(model, actions),
    h('p', { class: 'lede' }, 'Scan this with the camera of the new device. It is good for one device.'),
    handover.qr ? qrCode(handover.qr, 'QR code of the link for the new device') : null,
    handover.expires ? h('p', { class: 'waiting' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }), 'Waiting for it, ',
      h('span', { class: 'number' }, clock(left(handover.expires, model.now))), ' left') : null,
    handover.link ? h('details', {}, h('summary', {}, 'Show the link'), h('p', { class: 'mono wrap small', 'data-field': 'handover-link' }, handover.link)) : null,
    fault(model));
}

function devicesBack(actions) {
  return { back: () => actions.show('devices'), backTo: 'Devices' };
}

// The words are not shown here: who types them has read them on the new device.
function offered(model, actions, local, handover) {
  const submit = ({ words }) => {
    const typed = words.trim();
    if (typed === '') {
      local.set({ slip: 'Type the four words that the new device shows.' }, '#in-words');
      return;
    }
    local.set({ slip: null });
    actions.giveDevice(typed);
  };
  const bar = [fault(model), progress(model), h('div', { class: 'choice' },
    button(model, { action: 'begin-anew', kind: 'deny', run: () => actions.addDevice() }, 'Begin anew'),
    button(model, { action: 'give-device', kind: 'approve', of: 'give' }, h('span', {}, 'Add it ', h('span', { class: 'with' }, 'with passkey'))))];
  return frame({ screen: 'add-device', heading: 'Type its words', ...devicesBack(actions), bar },
    connection(model, actions),
    h('p', { class: 'lede' }, 'A device that calls itself ', foreign(handover.device, 'new-device', 'strong'), ' answered. Take yours in your hand, and type the four words that it shows.'),
    form(model, submit, { id: 'give', 'data-key': 'give' }, field({
      name: 'words', label: 'Words on the new device', slip: local.get('slip'), hint: 'In capital or small letters, with or without spaces.',
      input: { class: 'mono', dir: 'ltr', enterkeyhint: 'done', autocorrect: 'off', maxlength: '64' },
    })),
    h('p', { class: 'hint' }, 'If your device shows no words, or these are refused though you typed what it shows, somebody else answered. Begin anew.'));
}

function given(model, actions) {
  const bar = button(model, { action: 'back', run: () => actions.show('devices') }, 'Done');
  return frame({ screen: 'add-device', heading: 'Handed over', ...devicesBack(actions), bar },
    h('p', { class: 'lede' }, 'The new device has your keyring. It makes a passkey of its own, then your organisation’s signer admits it.'),
    h('p', {}, 'Go on there.'),
    fault(model));
}

function wordList(words) {
  const list = Array.isArray(words) ? words : String(words ?? '').split(/[\s-]+/u).filter(Boolean);
  return h('ol', { class: 'words words-few', 'data-field': 'words' }, list.map((word) => h('li', {}, h('span', {}, word))));
}

/**
 * The new device's side of a handover.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function joinDevice(model, actions, local) {
  const handover = model.handover ?? {};
  if (handover.step === 'waiting' || handover.step === 'taken') {
    return frame({ screen: 'join-device', heading: 'Type these words on your first device' },
      connection(model, actions),
      h('p', { class: 'lede' }, 'It asks for them. Nobody else needs them.'),
      wordList(handover.words),
      h('p', { class: 'waiting', role: 'status' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }),
        handover.step === 'taken' ? 'Received. One moment…' : 'Waiting for your first device.'),
      fault(model));
  }
  const submit = ({ device }) => {
    const slip = nameSlip(device.trim());
    local.set({ slip }, slip ? '#in-device' : null);
    if (!slip) {
      actions.offer(device.trim());
    }
  };
  const bar = [fault(model), progress(model), button(model, { action: 'offer', of: 'join' }, 'Continue')];
  return frame({ screen: 'join-device', heading: 'Add this device', bar },
    connection(model, actions),
    invitation(model.link ?? {}, model.now),
    form(model, submit, { id: 'join' },
      field({
        name: 'device', label: 'Name of this device', slip: local.get('slip'), hint: 'Shown beside your decisions, for example “tablet”.',
        input: { maxlength: '64', required: true, enterkeyhint: 'next' },
      })),
    servedBy(model));
}
