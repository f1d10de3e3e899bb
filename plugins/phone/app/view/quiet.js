import { h } from '../dom.js';
import { foreign } from './text.js';
import { day, timeOfDay } from './time.js';

/**
 * Returns the requests that call for an answer: all but those that are muted.
 * @param {Object} model
 * @returns {Object[]} cards
 */
export function calling(model) {
  return (model.requests ?? []).filter(({ muted }) => !muted);
}

/**
 * Returns how many things wait for the person: requests that call, and re-shares of
 * which something is left to deal.
 * @param {Object} model
 * @returns {number}
 */
export function waiting(model) {
  return calling(model).length + (model.reshares ?? []).filter(({ done, total }) => done < total).length;
}

/**
 * Returns the part of the list that is quiet: what is muted until when, the way
 * back, and its requests, which can be opened as ever.
 * @param {Object} model
 * @param {Object} actions
 * @param {function(Object): HTMLElement} item makes a request's entry
 * @returns {?HTMLElement}
 */
export function muted(model, actions, item) {
  const mutes = model.mutes ?? [];
  if (mutes.length === 0) {
    return null;
  }
  const cards = (model.requests ?? []).filter((card) => card.muted);
  return h('section', { class: 'part', 'aria-labelledby': 'muted-title', 'data-key': 'muted', 'data-field': 'muted' },
    h('h2', { id: 'muted-title' }, 'Muted'),
    h('ul', { class: 'mutes' }, mutes.map((one) => h('li', { 'data-key': one.id },
      h('span', {}, one.what === 'consumer' ? 'Receiver ' : null, foreign(one.name || 'unknown', null, 'strong'), ` until ${until(one.until, model.now)}`),
      h('button', { class: 'plain', type: 'button', 'data-action': 'unmute', on: { click: () => actions.unmute(one.id) } },
        'Unmute', h('span', { class: 'unseen' }, ' ', foreign(one.name)))))),
    cards.length > 0 ? h('ul', { class: 'list' }, cards.map(item)) : h('p', { class: 'more' }, 'Nothing of theirs waits.'));
}

function until(time, now) {
  return day(time) === day(new Date(now).toISOString()) ? timeOfDay(time) : `${day(time)}, ${timeOfDay(time)}`;
}

const SPANS = [['hour', 'For an hour'], ['day', 'For a day']];

/**
 * Returns the way to mute whoever asks, folded away below the facts.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} card
 * @returns {?HTMLElement}
 */
export function mute(model, actions, card) {
  if (card.muted || card.breakGlass) {
    return null;
  }
  const whom = [['requester', card.requester || card.entity], ['consumer', card.consumer]].filter(([, name]) => name);
  return h('details', { class: 'mute', 'data-key': 'mute' },
    h('summary', { 'data-action': 'show-mute' }, 'Too many requests?'),
    h('p', { class: 'hint' }, 'Muted requests make no noise on this device. They stay listed under “Muted”, and you can answer them there.'),
    whom.map(([what, name]) => h('div', { class: 'mute-one', 'data-key': what, role: 'group', 'aria-labelledby': `mute-${what}` },
      h('p', { id: `mute-${what}` }, what === 'consumer' ? 'Everything for the receiver ' : 'Everything from ', foreign(name, null, 'strong')),
      h('div', { class: 'pair' }, SPANS.map(([span, label]) => h('button', {
        class: 'chip', type: 'button', 'data-action': `mute-${what}-${span}`, on: { click: () => actions.mute(card.hash, what, span) },
      }, label))))));
}
