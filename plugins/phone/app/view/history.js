import { h } from '../dom.js';
import { copy, save } from './deed.js';
import { button, connection, frame, tabs } from './frame.js';
import { icon } from './icon.js';
import { foreign, path } from './text.js';
import { day, span, timeOfDay } from './time.js';

const SAID = {
  approve: ['dot-yes', 'Approved'], approved: ['dot-yes', 'Approved'], deny: ['dot-no', 'Denied'], denied: ['dot-no', 'Denied'],
  reshare: ['dot-yes', 'Shared anew'], consent: ['dot-half', 'Consented'], consented: ['dot-half', 'Consented'],
};

/**
 * The decisions made on this device, newest first, day by day.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function history(model, actions) {
  const days = new Map();
  for (const entry of model.history ?? []) {
    const name = day(entry.time);
    days.set(name, [...(days.get(name) ?? []), entry]);
  }
  return frame({ screen: 'history', heading: 'Your decisions', tabs: tabs(model, actions, 'history') },
    connection(model, actions),
    days.size === 0 ? h('p', { class: 'lede' }, 'Nothing was decided on this device yet. Every decision leaves a signed receipt here.') : null,
    [...days].map(([name, entries]) => h('section', { class: 'part', 'data-key': name, 'aria-label': name },
      h('h2', {}, name), h('ul', { class: 'list' }, entries.map((entry) => item(entry, actions))))));
}

function item(one, actions) {
  const [dot, said] = SAID[one.decision] ?? ['', one.decision];
  return h('li', { class: 'item', 'data-key': String(one.counter) },
    h('button', { class: 'row', type: 'button', 'data-action': 'open-entry', 'data-counter': one.counter, on: { click: () => actions.show('entry', one.counter) } },
      h('span', { class: 'row-text' },
        h('span', { class: 'row-who' }, h('span', { class: `dot ${dot}`, 'aria-hidden': 'true' }), `${said} at ${timeOfDay(one.time)}`,
          one.glass ? h('span', { class: 'tag tag-warn' }, 'emergency') : null, one.state === 'unsent' ? h('span', { class: 'tag' }, 'not sent yet') : null),
        path(one.path, null, 'row-what'),
        h('span', { class: 'more' }, one.decision === 'reshare' ? count(one.secrets) : ['for ', foreign(one.requester || 'unknown'), one.report ? ', reported' : null])),
      h('span', { class: 'row-end' }, icon('forth'))));
}

const count = (secrets) => (secrets === 1 ? '1 secret' : `${secrets} secrets`);

/**
 * One decision with its receipt.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function entry(model, actions, local) {
  const one = (model.history ?? []).find(({ counter }) => String(counter) === String(model.selected));
  const back = () => actions.show('history');
  if (!one) {
    return frame({ screen: 'entry', heading: 'No such decision', back, backTo: 'History' });
  }
  const [, said] = SAID[one.decision] ?? ['', one.decision];
  const copied = local.get('copied');
  return frame({ screen: 'entry', heading: `${said} at ${timeOfDay(one.time)}`, back, backTo: 'History' },
    h('dl', { class: 'plainfacts' },
      h('dt', {}, 'What'), h('dd', { class: 'lead' }, path(one.path, 'path')),
      one.decision === 'reshare' ? [h('dt', {}, 'How many'), h('dd', { 'data-field': 'secrets' }, count(one.secrets))]
        : [h('dt', {}, 'Who'), h('dd', {}, foreign(one.requester || 'unknown', 'requester'))],
      h('dt', {}, 'When'), h('dd', {}, `${day(one.time)}, ${timeOfDay(one.time)}`),
      one.report ? [h('dt', {}, 'Reported'), h('dd', {}, 'As something that you did not expect')] : null,
      one.reason ? [h('dt', {}, 'Reason'), h('dd', {}, foreign(one.reason, 'reason'))] : null,
      one.lease ? [h('dt', {}, 'Usable for'), h('dd', {}, span(one.lease))] : null,
      one.glass ? [h('dt', {}, 'Emergency'), h('dd', {}, 'It asked to break the glass')] : null,
      h('dt', {}, 'State'), h('dd', {}, state(one.state)),
      h('dt', {}, 'Request'), h('dd', { class: 'mono wrap' }, one.id)),
    h('section', { class: 'part', 'aria-labelledby': 'receipt-title' },
      h('h2', { id: 'receipt-title' }, `Receipt ${one.counter}`),
      h('p', { class: 'hint' }, 'Signed by this device and linked to the one before it. It can be verified without Vault, and holds no secret.'),
      h('details', {}, h('summary', {}, 'Show the receipt'), h('p', { class: 'mono wrap small', 'data-field': 'receipt' }, one.receipt)),
      h('div', { class: 'pair' },
        button(model, { action: 'copy', kind: 'secondary', run: async () => local.set({ copied: await copy(one.receipt) }) }, copied ? 'Copied' : 'Copy'),
        button(model, { action: 'save-receipt', kind: 'secondary', run: () => save(`receipt-${one.counter}.json`, one.receipt) }, 'Save'))));
}

function state(name) {
  if (name === 'unsent') {
    return 'Not sent yet: it is sent when Vault can be reached';
  }
  const known = { sent: 'Sent', dealt: 'Sent', waiting: 'Sent; others are still missing', approved: 'Sent; approved', denied: 'Sent; denied', expired: 'Sent; expired', cancelled: 'Sent; cancelled' };
  return known[name] ?? ['Sent; Vault says ', foreign(name, null, 'mono')];
}
