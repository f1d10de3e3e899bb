import { h } from '../dom.js';
import { button, frame, fault, progress } from './frame.js';
import { prose } from './text.js';

/**
 * Returns the way back to the beginning of an enrolment, which asks once.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @param {string} loses what is lost by it
 * @returns {HTMLElement}
 */
export function again(model, actions, local, loses) {
  if (!local.get('again')) {
    return h('p', { 'data-key': 'again' }, h('button', {
      class: 'plain', type: 'button', 'data-action': 'again', on: { click: () => local.set({ again: true }, '#again-title') },
    }, 'Start again'));
  }
  return h('section', { class: 'part', 'aria-labelledby': 'again-title', 'data-key': 'again-sure' },
    h('h2', { id: 'again-title', tabindex: '-1' }, 'Start again?'),
    h('p', {}, loses),
    h('div', { class: 'choice' },
      button(model, { action: 'again-not', kind: 'secondary', run: () => local.set({ again: false }, '[data-action="again"]') }, 'Stay'),
      button(model, { action: 'start-again', kind: 'deny deny-sure', run: () => actions.startAgain() }, 'Start again')));
}

// By how a link came to its end: the heading, what it means, and what to do.
const CLOSED = {
  enrolment_answered: ['This link was used', 'Another device has answered this invitation. If that was not you, somebody else had the link: they may be about to become an approver in your name.',
    'Tell your organisation’s signer at once, by a number that you already have, and ask them to admit nobody by this link. Then start again with a new one.'],
  handover_answered: ['This link was used', 'Another device has answered this link. If that was not yours, somebody else has seen it.',
    'On your first device add nothing: begin anew there, and scan the new code here.'],
  enrolment_expired: ['This link has expired', 'Nobody admitted this device in time. What was made here is of no use any more.', 'Ask your organisation’s signer for a new link.'],
  enrolment_missing: ['This link is not known', 'Vault does not know this invitation: it was withdrawn, or cleared away long after it ended.', 'Ask your organisation’s signer for a new link.'],
  handover_expired: ['This link has expired', 'A handover takes ten minutes at most.', 'Begin anew on your first device, and scan the new code here.'],
};

/**
 * Says that the link can no longer be used here, and what to do.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function closed(model, actions) {
  const [heading, what, then] = CLOSED[model.closed] ?? CLOSED.enrolment_expired;
  const bar = [progress(model), button(model, { action: 'start-again', run: () => actions.startAgain() }, 'Start again')];
  return frame({ screen: model.screen, heading, bar },
    h('p', { class: 'lede' }, what),
    h('p', {}, prose(then)),
    model.screen === 'words' ? h('p', { class: 'hint' }, 'The recovery key that you wrote down opens nothing: destroy the page and its backup file. You get new ones.') : null,
    fault(model));
}

/**
 * Asks before a new link takes the place of an enrolment that waits.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function replacing(model, actions) {
  const bar = [fault(model), progress(model), h('div', { class: 'choice' },
    button(model, { action: 'keep-waiting', kind: 'secondary', run: () => actions.keepWaiting() }, 'Keep what waits'),
    button(model, { action: 'replace', run: () => actions.replace() }, 'Use the new link'))];
  return frame({ screen: 'words', heading: 'Use the new link?', bar },
    h('p', { class: 'lede' }, 'This replaces the enrolment that waits.'),
    h('p', {}, 'The keys that were made here for it are wiped, and its recovery key opens nothing any more: destroy that page and its backup file. You get new ones.'));
}
