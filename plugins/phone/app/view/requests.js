import { h } from '../dom.js';
import { alarms } from './alarms.js';
import { connection, fault, frame, news, revoked, sentence, tabs } from './frame.js';
import { emblem, icon } from './icon.js';
import { calling, muted, waiting as waits } from './quiet.js';
import { reshareItem } from './reshare.js';
import { foreign, path, prose, visible } from './text.js';
import { clock, left, share } from './time.js';

/**
 * The list of what waits, what was refused, and what ended while it was looked at.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function requests(model, actions) {
  const waiting = calling(model);
  const reshares = model.reshares ?? [];
  const refused = model.refused ?? [];
  return frame({ screen: 'requests', heading: title(waits(model), model), tabs: tabs(model, actions, 'requests'), aside: organisation(model) },
    connection(model, actions),
    fault(model),
    news(model, actions),
    alarms(model, actions),
    waiting.length === 0 ? reshares.length === 0 && !model.revoked && nothing(model) : h('ul', { class: 'list' }, waiting.map((card) => item(card, model, actions))),
    reshares.length === 0 ? null : h('section', { class: 'part', 'aria-labelledby': 'reshares-title', 'data-key': 'reshares' },
      h('h2', { id: 'reshares-title' }, 'Whom policies name has changed'),
      h('ul', { class: 'list reshares' }, reshares.map((one) => reshareItem(one, model, actions)))),
    muted(model, actions, (card) => item(card, model, actions)),
    refused.length === 0 ? null : h('section', { class: 'part', 'aria-labelledby': 'refused-title', 'data-key': 'refused' },
      h('h2', { id: 'refused-title' }, 'Refused by this device'),
      h('ul', { class: 'list' }, refused.map((one) => refusedItem(one, actions)))),
    ended(model.ended ?? []));
}

function title(count, model) {
  if (model.revoked) {
    return revoked(model);
  }
  if (count === 0) {
    return model.online === false || model.reachable === false ? 'No connection' : 'Nothing waits for you';
  }
  return count === 1 ? 'One request waits' : `${count} requests wait`;
}

function organisation(model) {
  return model.me?.name ? h('span', { class: 'place' }, foreign(model.me.name, 'approver')) : null;
}

function nothing(model) {
  return h('div', { class: 'still', 'data-key': 'still' }, emblem(),
    h('p', {}, model.online === false || model.reachable === false
      ? 'What is waiting cannot be seen without a connection.'
      : 'New requests appear here by themselves while this page is open.'));
}

function item(card, model, actions) {
  const ms = left(card.deadline, model.now);
  const state = [card.consentFirst && card.consented && !card.agreed ? 'you consented' : null, card.tally].filter(Boolean).join('; ');
  return h('li', { 'data-key': card.hash, class: card.breakGlass ? 'item item-emergency' : 'item', vars: { '--left': share(card.created, card.deadline, model.now).toFixed(4) } },
    h('button', { class: 'row', type: 'button', 'data-action': 'open-request', 'data-hash': card.hash, on: { click: () => actions.open(card.hash) } },
      h('span', { class: 'row-text' },
        h('span', { class: 'row-who' }, foreign(card.requester || 'unknown', null, 'strong'), card.breakGlass ? ' wants to break the glass for' : ' asks for',
          card.breakGlass ? h('span', { class: 'tag tag-warn' }, 'emergency') : null),
        path(card.path, null, 'row-what'),
        card.reason ? h('q', { class: 'row-why' }, foreign(card.reason)) : null,
        state ? h('span', { class: 'more' }, state) : null),
      h('span', { class: 'row-end' },
        h('span', { class: ms <= 60_000 ? 'number hurry' : 'number' }, clock(ms), h('span', { class: 'unseen' }, ' left')),
        icon('forth'))));
}

function refusedItem(one, actions) {
  return h('li', { 'data-key': one.hash, class: 'item item-refused' },
    h('button', { class: 'row', type: 'button', 'data-action': 'open-refused', 'data-hash': one.hash, on: { click: () => actions.open(one.hash) } },
      h('span', { class: 'row-text' },
        one.path ? path(one.path, null, 'row-what') : h('span', { class: 'row-who' }, 'A request that could not be read'),
        h('span', { class: 'more' }, prose(sentence(one.name, one.text)))),
      h('span', { class: 'row-end' }, icon('forth'))));
}

const HOW = {
  expired: 'expired', cancelled: 'was withdrawn', approved: 'was approved', denied: 'was denied',
  superseded: 'was replaced by a newer request', elsewhere: 'no longer waits; Vault may have restarted',
};

function ended(list) {
  return list.length === 0 ? null : h('section', { class: 'part', 'aria-labelledby': 'ended-title', 'data-key': 'ended' },
    h('h2', { id: 'ended-title' }, 'Ended just now'),
    h('ul', { class: 'quiet-list' }, list.map((one) => h('li', { 'data-key': one.hash },
      path(one.path ?? 'a request'), ` ${one.how === 'elsewhere' && one.by ? 'was answered' : HOW[one.how] ?? 'is over'}${one.by ? ` by ${visible(one.by)}` : ''}`,
      one.reason ? [': ', foreign(one.reason)] : null))));
}
