import { h } from '../dom.js';
import { connection, fault, frame } from './frame.js';
import { foreign } from './text.js';
import { step } from './welcome.js';

/**
 * Shows that the organisation has yet to admit this device: with the fingerprint
 * to be read out, where keys were made that nobody knows; without, where the
 * keyring came from another device or from paper, which proves itself.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function words(model, actions) {
  const list = Array.isArray(model.fingerprint) ? model.fingerprint : String(model.fingerprint ?? '').split(/\s+/u).filter(Boolean);
  return list.length > 0 ? made(model, actions, list) : brought(model, actions);
}

function made(model, actions, list) {
  return frame({ screen: 'words', heading: 'Read these words out', aside: step(5) },
    connection(model, actions),
    h('p', { class: 'lede' }, 'Read these out to your organisation’s signer, best by phone or face to face.'),
    h('ol', { class: 'words', 'data-field': 'fingerprint' }, list.map((word) => h('li', {}, h('span', {}, word)))),
    waiting(model),
    h('p', { class: 'hint' }, 'They prove that the keys that arrived are the ones made here. If your signer sees other words, somebody swapped them: stop, and start again with a new link.'),
    fault(model));
}

function brought(model, actions) {
  return frame({ screen: 'words', heading: 'Almost done', aside: step(5) },
    connection(model, actions),
    h('p', { class: 'lede' }, 'Ask your organisation’s signer to admit this device. They run:'),
    h('p', { class: 'mono' }, 'stillvault approver admit ', foreign(model.me?.name ?? '', 'approver')),
    waiting(model),
    h('p', { class: 'hint' }, 'Your keyring has vouched for this device already; there is nothing to read out.'),
    fault(model));
}

function waiting(model) {
  return h('p', { class: 'waiting', role: 'status' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }),
    'Waiting to be admitted', model.me?.name ? [' as ', foreign(model.me.name, 'approver', 'strong')] : null, '. This page goes on by itself.');
}
