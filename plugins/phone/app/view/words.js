import { h } from '../dom.js';
import { again } from './again.js';
import { connection, fault, frame, progress } from './frame.js';
import { foreign } from './text.js';
import { step } from './welcome.js';

/**
 * Shows that the organisation has yet to admit this device: with the fingerprint
 * to be read out, where keys were made that nobody knows; without, where the
 * keyring came from another device or from paper, which proves itself.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function words(model, actions, local) {
  const list = Array.isArray(model.fingerprint) ? model.fingerprint : String(model.fingerprint ?? '').split(/\s+/u).filter(Boolean);
  return list.length > 0 ? made(model, actions, local, list) : brought(model, actions, local);
}

const LOSES = 'Everything that was made on this device is wiped, and your recovery key opens nothing any more: destroy its page and the backup file. If your link was answered already, you need a new one.';

function made(model, actions, local, list) {
  return frame({ screen: 'words', heading: 'Read these words out', aside: step(5) },
    connection(model, actions),
    h('p', { class: 'lede' }, 'Read these out to your organisation’s signer, best by phone or face to face.'),
    h('ol', { class: 'words', 'data-field': 'fingerprint' }, list.map((word) => h('li', {}, h('span', {}, word)))),
    waiting(model),
    h('p', { class: 'hint' }, 'They prove that the keys that arrived are the ones made here. If your signer sees other words, somebody swapped them: stop, and start again with a new link.'),
    fault(model), again(model, actions, local, LOSES), progress(model));
}

function brought(model, actions, local) {
  return frame({ screen: 'words', heading: 'Almost done', aside: step(5) },
    connection(model, actions),
    h('p', { class: 'lede' }, 'Ask your organisation’s signer to admit this device. They run:'),
    h('p', { class: 'mono' }, 'stillvault approver admit ', foreign(model.me?.name ?? '', 'approver')),
    waiting(model),
    h('p', { class: 'hint' }, 'Your keyring has vouched for this device already; there is nothing to read out.'),
    fault(model), again(model, actions, local, LOSES), progress(model));
}

function waiting(model) {
  return h('p', { class: 'waiting', role: 'status' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }),
    'Waiting to be admitted', model.me?.name ? [' as ', foreign(model.me.name, 'approver', 'strong')] : null, '. This page goes on by itself.');
}
