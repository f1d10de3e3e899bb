import { h } from '../dom.js';
import { button, fault, progress } from './frame.js';
import { check, field, form } from './form.js';

const FORM = 'decision';
const CODE_LENGTH = 8;
const REASONS = ['Ask me in person first', 'Wrong secret or wrong time', 'The match code differs'];

/**
 * Returns the decision: Deny and Approve side by side, one square, one round; or
 * the reasons, once Deny was pressed; or why there is nothing to press.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @param {Object} card
 * @param {number} ms left until the deadline
 * @returns {HTMLElement}
 */
export function decide(model, actions, local, card, ms) {
  // What was answered in time is sent, whatever the clock says by now.
  if (ms === 0 && !model.busy) {
    return h('p', { class: 'waiting', role: 'status' }, 'The time to decide is over.');
  }
  if (local.get('denying')) {
    return reasons(model, actions, local, card);
  }
  const consented = card.consentFirst && card.consented && !card.agreed;
  return h('section', { class: 'decision', 'aria-label': 'Decision', 'data-key': 'decision' },
    fault(model),
    gone(model),
    progress(model),
    consented ? h('p', { class: 'waiting' }, 'You are asked again once everyone needed has consented. Until then you can still deny.') : null,
    h('div', { class: 'choice' },
      button(model, { action: 'deny', kind: 'deny', run: () => local.set({ denying: true }, '#deny-title') }, 'Deny'),
      consented ? null : approve(model, actions, card)));
}

// A passkey that was deleted and a gesture that was given up look the same to the page.
function gone(model) {
  return model.error?.name !== 'gesture_cancelled' ? null : h('p', { class: 'hint', 'data-key': 'gone' },
    'Is the passkey gone from this phone? Sign out, choose “I lost my devices”, and have the new device admitted.');
}

function approve(model, actions, card) {
  const word = verb(card);
  const kind = card.breakGlass ? 'approve approve-emergency' : 'approve';
  const label = h('span', {}, `${word} `, h('span', { class: 'with' }, 'with passkey'));
  return card.typeCode
    ? button(model, { action: 'approve', kind, of: FORM }, label)
    : button(model, { action: 'approve', kind, run: () => actions.approve(card.hash, '') }, label);
}

function verb(card) {
  if (card.consentFirst && !card.agreed) {
    return 'Consent';
  }
  return card.breakGlass ? 'Break the glass' : 'Approve';
}

function reasons(model, actions, local, card) {
  const close = () => local.set({ denying: false }, '[data-action="deny"]');
  const on = { keydown: (event) => (event.key === 'Escape' ? close() : undefined) };
  return h('section', { class: 'denial', 'aria-labelledby': 'deny-title', 'data-key': 'denial', on },
    h('h2', { id: 'deny-title', tabindex: '-1' }, 'Deny this request'),
    form(model, ({ reason, report }) => actions.deny(card.hash, reason.trim(), report), { class: 'denial-form' },
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Common reasons' }, REASONS.map((text) => h('button', {
        class: 'chip', type: 'button', 'data-reason': text,
        on: { click: (event) => { event.currentTarget.form.elements.reason.value = text; } },
      }, text))),
      field({ name: 'reason', label: 'Reason, if you want to give one', input: { maxlength: '200', autocapitalize: 'sentences', spellcheck: 'true', enterkeyhint: 'send' } }),
      check({
        name: 'report', label: 'Report it: I did not expect this',
        hint: 'Your organisation sees the report, and this requester cannot ask for this path again for a day, unless somebody lifts it.',
      }),
      fault(model),
      progress(model),
      h('div', { class: 'choice' },
        button(model, { action: 'deny-back', kind: 'plain', run: close }, 'Go back'),
        button(model, { action: 'deny-confirm', kind: 'deny deny-sure' }, 'Deny request'))));
}

/**
 * Returns the match code's input, for policies that want it typed: it is not
 * shown here, the requester has to tell it.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @param {Object} card
 * @returns {HTMLElement}
 */
export function typedCode(model, actions, local, card) {
  const submit = ({ code }) => {
    const typed = plain(code);
    if (typed.length !== CODE_LENGTH) {
      local.set({ slip: 'Type all eight characters.' }, '#in-code');
      return;
    }
    local.set({ slip: null });
    actions.approve(card.hash, typed);
  };
  return form(model, submit, { id: FORM, class: 'match match-typed', 'data-key': 'match' },
    field({
      name: 'code', label: 'Match code', slip: local.get('slip'),
      hint: 'Ask the requester to read the eight characters on their screen to you, and type them here.',
      input: { inputmode: 'text', autocapitalize: 'characters', enterkeyhint: 'done', class: 'code-input', placeholder: '····-····', dir: 'ltr', maxlength: '12' },
      on: {
        input: (event) => group(event.currentTarget),
        // A whole code is there to be replaced, as after one that was wrong.
        focus: ({ currentTarget }) => (plain(currentTarget.value).length === CODE_LENGTH ? currentTarget.select() : undefined),
      },
    }));
}

function plain(text) {
  return text.toUpperCase().replace(/[^0-9A-Z]/gu, '');
}

/** Groups what was typed, as long as the caret is at its end. */
function group(input) {
  if (input.selectionStart === input.value.length) {
    const text = plain(input.value).slice(0, CODE_LENGTH);
    input.value = text.length > 4 ? `${text.slice(0, 4)}-${text.slice(4)}` : text;
  }
}
