import { h } from '../dom.js';
import { foreign, listed, path, visible } from './text.js';
import { day, timeOfDay } from './time.js';

const SAID = { approve: 'approved', deny: 'denied', consent: 'consented' };

/**
 * Returns the alarms: that somebody asked to break the glass, who, for what, when
 * and why, and what came of it. They stay until they are dismissed here.
 * @param {Object} model
 * @param {Object} actions
 * @returns {HTMLElement[]}
 */
export function alarms(model, actions) {
  return (model.alarms ?? []).map((one) => h('section', {
    class: 'alarm', 'aria-labelledby': `alarm-${one.hash}`, 'data-key': `alarm-${one.hash}`, 'data-field': 'alarm',
  },
  h('h2', { id: `alarm-${one.hash}` }, one.released ? 'The glass was broken' : 'Somebody asks to break the glass'),
  h('p', {}, foreign(one.requester || one.entity || 'unknown', null, 'strong'), ' wants ', path(one.path, null, 'strong'), ' in an emergency, without the people who usually decide.'),
  one.reason ? h('q', { class: 'reason' }, foreign(one.reason)) : null,
  h('p', { class: 'more' }, `${day(one.created)}, ${timeOfDay(one.created)}`, one.host || one.remote ? [', from ', foreign(one.host || one.remote, null, 'mono')] : null,
    ', for ', foreign(one.consumer), one.reported ? ', as reported by Vault' : null, '.'),
  h('p', { class: 'more' }, one.decisions.length === 0 ? 'Nobody has decided yet.'
    : `${listed(one.decisions.map(({ approver, decision, time }) => `${visible(approver)} ${SAID[decision] ?? visible(decision)} at ${timeOfDay(time)}`))}.`),
  h('p', {}, one.released ? 'If you know nothing of this emergency, call whoever holds your organisation’s signing key. The secret has to be rotated.' : 'If you know nothing of this emergency, call whoever holds your organisation’s signing key.'),
  h('button', { class: 'secondary', type: 'button', 'data-action': 'dismiss-alarm', on: { click: () => actions.dismissAlarm(one.hash) } }, 'I have seen this')));
}
