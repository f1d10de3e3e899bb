import { h } from '../dom.js';
import { again } from './again.js';
import { nameSlip } from './device-name.js';
import { button, connection, fault, frame, progress, sentence } from './frame.js';
import { emblem } from './icon.js';
import { field, form } from './form.js';
import { foreign, path, visible } from './text.js';
import { day, left, span, timeOfDay } from './time.js';

/**
 * The first screen of a device that nobody has enrolled yet.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function welcome(model, actions) {
  return frame({
    screen: 'welcome', heading: 'Secrets that open only when you say so',
    bar: [fault(model), progress(model), button(model, { action: 'paste', of: 'paste' }, 'Continue')],
  },
  h('div', { class: 'hero' }, emblem()),
  connection(model, actions),
  h('p', { class: 'lede' }, 'To make this device an approver’s, open the link that you were given, or scan its QR code with the camera.'),
  form(model, ({ link }) => actions.paste(link.trim()), { id: 'paste' },
    field({ name: 'link', label: 'Or paste the link here', input: { inputmode: 'url', enterkeyhint: 'go', class: 'mono', dir: 'ltr' } })),
  h('p', {}, h('button', { class: 'plain', type: 'button', 'data-action': 'show-restore', on: { click: () => actions.show('restore') } },
    'I lost my devices')),
  copy(model));
}

/**
 * Shows who invites whom, before anything is made.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function invited(model, actions, local) {
  const link = model.link ?? {};
  const over = Object.hasOwn(OVER, model.standing?.state ?? '');
  const submit = ({ device }) => {
    const slip = nameSlip(device.trim());
    local.set({ slip }, slip ? '#in-device' : null);
    if (!slip) {
      actions.start(device.trim());
    }
  };
  const bar = [fault(model), progress(model), over
    ? h('button', { class: 'primary', type: 'button', 'aria-disabled': 'true', 'data-action': 'start' }, 'Continue')
    : button(model, { action: 'start', of: 'start' }, 'Continue')];
  return frame({ screen: 'invited', heading: link.kind === 'restore' ? 'Your keyring is back' : 'You are invited to approve', bar, aside: step(1) },
    connection(model, actions),
    invitation(link, model.now),
    standing(model.standing, link),
    link.kind === 'restore' ? h('p', { class: 'note' }, 'Finish this in one go. Until the new recovery key is confirmed your keyring is here in memory only: if this page is closed or reloaded, begin again with “I lost my devices”.') : null,
    over ? null : form(model, submit, { id: 'start' },
      field({
        name: 'device', label: 'Name of this device', slip: local.get('slip'), hint: 'Shown beside your decisions, for example “phone”.',
        input: { maxlength: '64', required: true, enterkeyhint: 'next', value: '' },
      })),
    again(model, actions, local, 'This link is put aside here; open it again if you want to use it after all.'),
    copy(model));
}

// How a link stands that cannot be used any more.
const OVER = {
  answered: 'Somebody has answered this link already. If that was not you, tell your organisation’s signer at once, by a number that you already have. Ask for a new link.',
  admitted: 'The device that answered this link was admitted. If that was not yours, tell your organisation’s signer at once, by a number that you already have. Ask for a new link.',
  expired: 'This link has expired. Ask for a new one.',
  missing: 'Vault does not know this link: it was withdrawn, or cleared away after it ended. Ask for a new one.',
};

function standing(found, link) {
  const text = OVER[found?.state] ?? (found?.error && unanswered(found, link));
  return text ? h('section', { class: 'note note-warn', role: 'status', 'aria-label': 'The link', 'data-key': 'standing', 'data-field': 'standing' }, h('p', {}, text)) : null;
}

// A browser does not tell a page whether Vault is away or does not want to be asked from there.
function unanswered({ error, far, own }, link) {
  if (!['broker_unreachable', 'broker_timeout'].includes(error.name)) {
    return sentence(error.name, error.text);
  }
  const cors = `If it is up, its CORS settings may lack this page’s origin, ${visible(own)}: tell whoever runs Vault.`;
  return `Vault cannot be reached at ${visible(link.base)}. ${far ? cors : 'Check the connection.'} It is tried again by itself; what you make here would have to wait for it.`;
}

/**
 * Returns the facts of an invitation.
 * @param {Object} link
 * @param {number} now
 * @returns {HTMLElement}
 */
export function invitation(link, now) {
  const ms = left(link.expires, now);
  return h('dl', { class: 'plainfacts' },
    h('dt', {}, 'As'), h('dd', { class: 'lead' }, foreign(link.name, 'approver')),
    h('dt', {}, 'For the organisation'), h('dd', {}, h('span', { class: 'mono', 'data-field': 'organisation' }, visible(link.organisationWords)),
      h('span', { class: 'more block' }, 'Compare these words with whoever invited you. This device will trust this organisation and no other.')),
    h('dt', {}, 'Through Vault at'), h('dd', {}, path(link.base ?? '', 'base')),
    link.expires ? [h('dt', {}, 'Valid'), h('dd', {}, ms > 0 ? `for ${span(ms < 60_000 ? ms / 1000 : Math.floor(ms / 60_000) * 60)}, until ${timeOfDay(link.expires)} on ${day(link.expires)}`
      : 'no longer: ask for a new link')] : null);
}

/**
 * Returns where one is on the way through enrolment.
 * @param {number} n from 1 to 5
 * @returns {HTMLElement}
 */
export function step(n) {
  return h('span', { class: 'place' }, `Step ${n} of 5`);
}

/**
 * Says who served this page, because whoever did could read what it opens.
 * @param {Object} model
 * @returns {HTMLElement}
 */
export function copy(model) {
  return h('p', { class: 'fine', 'data-field': 'served', 'data-copy': model.copy }, model.copy === 'own'
    ? 'Served by your organisation’s own origin.'
    : 'Served by Vault’s mount: for development and small installs. Whoever runs it could change this page.');
}
