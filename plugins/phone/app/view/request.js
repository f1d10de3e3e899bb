import { h } from '../dom.js';
import { facts, matchCode } from './card.js';
import { decide, typedCode } from './decide.js';
import { connection, frame } from './frame.js';
import { mute } from './quiet.js';
import { step } from './tally.js';
import { clock, left } from './time.js';

/**
 * The screen of one request: its facts, then one decision.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function request(model, actions, local) {
  const shown = [...(model.requests ?? []), model.answering];
  const card = shown.find((one) => one && one.hash === model.selected);
  if (!card) {
    return frame({ screen: 'request', heading: 'This request is no longer here', back: () => actions.back(), backTo: 'Requests' },
      h('p', {}, 'It does not wait here any more. What you decided is in your history.'));
  }
  const ms = left(card.deadline, model.now);
  const aside = h('span', { class: ms <= 60_000 ? 'timer hurry' : 'timer', 'aria-hidden': 'true' }, clock(ms));
  return frame({
    screen: 'request', mood: card.breakGlass ? 'emergency' : '', heading: heading(card), back: () => actions.back(), backTo: 'Requests', aside,
    bar: decide(model, actions, local, card, ms),
  },
  connection(model, actions),
  card.breakGlass ? emergency() : null,
  step(card),
  h('div', { class: 'card', 'data-hash': card.hash, 'data-key': 'card' }, facts(card, model.now)),
  card.typeCode ? typedCode(model, actions, local, card) : matchCode(card),
  policy(card),
  mute(model, actions, card));
}

function emergency() {
  return h('p', { class: 'note note-warn', 'data-field': 'emergency', 'data-key': 'emergency' }, h('span', { class: 'strong' }, 'Emergency. '),
    'This opens the secret without the people who usually decide. Every approver is told at once, it stays on record, and the secret has to be rotated afterwards.');
}

function heading(card) {
  if (card.breakGlass && !(card.consentFirst && !card.agreed)) {
    return 'Break the glass?';
  }
  if (card.consentFirst && !card.agreed) {
    return card.consented ? 'You have consented' : 'Consent to this release?';
  }
  return card.consentFirst ? 'All have consented. Release it?' : 'Release this secret?';
}

function policy(card) {
  return h('p', { class: 'fine' }, 'Policy ', h('span', { 'data-field': 'policy', class: 'strong' }, card.policy),
    '. Request ', h('span', { class: 'mono', 'data-field': 'id' }, card.id), '.');
}
