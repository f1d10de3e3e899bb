import { h } from '../dom.js';
import { again } from './again.js';
import { button, fault, frame, progress } from './frame.js';
import { account, clear, field, form } from './form.js';
import { copy, step } from './welcome.js';

const LOSES = 'What was made on this device is wiped. You come back to the link, if it still stands.';

/**
 * Asks for the passkey: made once, then tried twice.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function passkey(model, actions, local) {
  const done = (model.passkey?.made ? 1 : 0) + (model.passkey?.evaluated ?? 0);
  const bar = [fault(model), progress(model), button(model, { action: 'make-passkey', run: () => actions.makePasskey() }, done > 0 ? 'Go on' : 'Make the passkey')];
  return frame({ screen: 'passkey', heading: 'Make your passkey', bar, aside: step(2) },
    h('p', { class: 'lede' }, 'Your fingerprint, face or screen lock becomes part of the key. Without it nothing opens, on this device or anywhere else.'),
    h('h2', {}, 'You are asked three times'),
    h('ol', { class: 'steps' },
      gesture('to make the passkey,', done > 0),
      gesture('to try it,', done > 1),
      gesture('and to try it again: both tries must give the same key.', done > 2)),
    h('p', { class: 'note' }, 'Do not delete this passkey later. If it is gone, only your password and recovery key open what it opened.'),
    model.error ? again(model, actions, local, LOSES) : null,
    copy(model));
}

function gesture(text, done) {
  return h('li', { class: done ? 'done' : null }, text, done ? h('span', { class: 'tag' }, 'done') : null);
}

const SHORTEST = 12;

/**
 * Asks for the password of the second factor.
 * @param {Object} model
 * @param {Object} actions
 * @param {Object} local
 * @returns {Node[]}
 */
export function password(model, actions, local) {
  const submit = (values, element) => {
    const slips = mistakes(values);
    if (Object.keys(slips).length > 0) {
      local.set({ slips }, slips.password ? '#in-password' : '#in-repeat');
      return;
    }
    local.set({ slips: {} });
    actions.setPassword(values.password);
    clear(element, ['password', 'repeat']);
  };
  const slips = local.get('slips') ?? {};
  const type = local.get('plain') ? 'text' : 'password';
  const bar = [fault(model), progress(model), button(model, { action: 'set-password', of: 'second' }, 'Continue')];
  return frame({ screen: 'password', heading: 'A way back, should the passkey be lost', bar, aside: step(3) },
    h('p', { class: 'lede' }, 'A password and a recovery key, together, open your keyring as well. You get the recovery key next.'),
    ['handover', 'restore'].includes(model.link?.kind) ? h('p', { class: 'note' }, 'This device gets a paper of its own. The paper of your other devices stays valid for them.') : null,
    form(model, submit, { id: 'second' },
      account(model.link?.name ?? model.me?.name),
      field({ name: 'password', label: 'Password', slip: slips.password, hint: `At least ${SHORTEST} characters: some words that do not belong together.`, input: { type, autocomplete: 'new-password' } }),
      field({ name: 'repeat', label: 'The same again', slip: slips.repeat, input: { type, autocomplete: 'new-password' } }),
      h('button', { class: 'plain', type: 'button', 'aria-pressed': String(Boolean(local.get('plain'))), 'data-action': 'show-password', on: { click: () => local.set({ plain: !local.get('plain') }) } }, 'Show what I type')),
    model.error ? again(model, actions, local, LOSES) : null);
}

function mistakes(values) {
  const slips = {};
  if ([...values.password].length < SHORTEST) {
    slips.password = `Use at least ${SHORTEST} characters.`;
  } else if (values.password !== values.repeat) {
    slips.repeat = 'The two are not the same.';
  }
  return slips;
}
