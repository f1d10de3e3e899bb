import { h } from '../dom.js';
import { connection, fault, frame } from './frame.js';
import { foreign } from './text.js';
import { step } from './welcome.js';

/**
 * Shows the fingerprint to be read out, until the organisation has admitted it.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function words(model, actions) {
  const list = Array.isArray(model.fingerprint) ? model.fingerprint : String(model.fingerprint ?? '').split(/\s+/u).filter(Boolean);
  return frame({ screen: 'words', heading: 'Read these words out', aside: step(5) },
    connection(model, actions),
    h('p', { class: 'lede' }, 'Read these out to your organisation’s signer, best by phone or face to face.'),
    h('ol', { class: 'words', 'data-field': 'fingerprint' }, list.map((word) => h('li', {}, h('span', {}, word)))),
    h('p', { class: 'waiting', role: 'status' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }),
      'Waiting to be admitted', model.me?.name ? [' as ', foreign(model.me.name, 'approver', 'strong')] : null, '. This page goes on by itself.'),
    h('p', { class: 'hint' }, 'They prove that the keys that arrived are the ones made here. If your signer sees other words, somebody swapped them: stop, and start again with a new link.'),
    fault(model));
}
