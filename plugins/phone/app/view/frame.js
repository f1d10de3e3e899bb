import { h } from '../dom.js';
import { icon, emblem } from './icon.js';
import { waiting as waits } from './quiet.js';
import { prose, visible } from './text.js';

/**
 * Lays out one screen: header, main with its heading, and what lies in reach of
 * the thumb.
 * @param {Object} page
 * @param {string} page.screen name, for data-screen
 * @param {string} page.heading
 * @param {string=} page.mood further class of the screen
 * @param {boolean=} page.quiet heading for screen readers only
 * @param {?function(): void} page.back handler of the way back, if there is one
 * @param {string=} page.backTo where it leads, in words
 * @param {?Node=} page.aside what stands at the end of the header
 * @param {?Node=} page.tabs navigation
 * @param {?Node=} page.bar the decision or next step
 * @param {...*} body
 * @returns {Node[]}
 */
export function frame(page, ...body) {
  return [
    h('header', { class: 'top', 'data-key': 'top' },
      page.back
        ? h('button', { class: 'plain back', type: 'button', 'data-action': 'back', on: { click: page.back } }, icon('back'), page.backTo ?? 'Back')
        : h('span', { class: 'brand' }, emblem(), 'Stillvault'),
      page.aside ?? null),
    h('main', { 'data-screen': page.screen, 'data-key': 'main', class: `screen screen-${page.screen}${page.mood ? ` ${page.mood}` : ''}` },
      h('div', { class: 'body' },
        h('h1', { tabindex: '-1', class: page.quiet ? 'unseen' : null }, page.heading),
        body),
      page.bar ? h('div', { class: 'bar', 'data-key': 'bar' }, page.bar) : null),
    page.tabs ?? null,
  ];
}

const TABS = [['requests', 'Requests'], ['history', 'History'], ['settings', 'Settings']];

/**
 * Returns the navigation between the three places of an enrolled device.
 * @param {Object} model
 * @param {Object} actions
 * @param {string} here
 * @returns {HTMLElement}
 */
export function tabs(model, actions, here) {
  const waiting = waits(model);
  return h('nav', { class: 'tabs', 'aria-label': 'Places', 'data-key': 'tabs' }, TABS.map(([name, label]) => h('button', {
    class: 'tab', type: 'button', 'data-action': `tab-${name}`,
    'aria-current': name === here ? 'page' : null, on: { click: () => actions.show(name) },
  }, icon(name), h('span', {}, label, name === 'requests' && waiting > 0
    ? [' ', h('span', { class: 'count' }, String(waiting), h('span', { class: 'unseen' }, ' waiting'))] : null))));
}

/**
 * Returns the line that says what cannot be done without a connection, if so.
 * @param {Object} model
 * @param {Object} actions
 * @returns {?HTMLElement}
 */
export function connection(model, actions) {
  if (model.online !== false && model.reachable !== false) {
    return null;
  }
  const text = model.online === false
    ? 'This device is offline. New requests do not arrive, and no answer can be sent. What was answered before is sent when the connection returns.'
    : 'Vault cannot be reached. New requests do not arrive, and no answer can be sent. This page keeps trying by itself.';
  return h('section', { class: 'note note-warn', 'data-key': 'connection', 'aria-label': 'Connection' },
    h('p', {}, text),
    h('button', { class: 'plain', type: 'button', 'data-action': 'retry', on: { click: () => actions.retry() } }, 'Try now'));
}

/**
 * Returns what else should be known: answers not sent yet, a newer app.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function news(model, actions) {
  return [
    model.unsent > 0 ? h('p', { class: 'note note-warn', 'data-key': 'unsent' }, model.unsent === 1
      ? 'One of your answers has not been sent yet. It is kept here and sent as soon as Vault can be reached.'
      : `${model.unsent} of your answers have not been sent yet. They are kept here and sent as soon as Vault can be reached.`) : null,
    model.update ? update(model, actions) : null,
  ].filter(Boolean);
}

function update({ update: other, version }, actions) {
  const number = visible(other.version);
  const ready = other.version === version
    ? `Another build of this app’s version ${number} is ready, whole and checked.`
    : `Another version of this app is ready, whole and checked: ${number}. This is ${visible(version)}.`;
  const back = `Another version of this app is offered: ${number}, lower than this one, ${visible(version)}. It is not used unless you say so; ask who serves the app why it went back.`;
  return h('section', { class: other.lower ? 'note note-warn' : 'note', 'data-key': 'update', 'aria-label': 'Update' },
    h('p', { 'data-field': 'update' }, other.lower ? back : ready),
    h('button', { class: 'plain', type: 'button', 'data-action': 'update', on: { click: () => actions.update() } },
      other.lower ? 'Go back to it' : 'Use it now'));
}

/**
 * Returns what went wrong and what to do next, if something did.
 * @param {Object} model
 * @returns {?HTMLElement}
 */
export function fault(model) {
  if (!model.error) {
    return null;
  }
  const { name, text, hint } = model.error;
  return h('div', { class: 'note note-warn', role: 'alert', 'data-key': 'fault' },
    h('p', { 'data-field': 'error-text' }, prose(sentence(name, text))),
    hint === 'clock' ? h('p', {}, 'Set the clock of this device by the network, then try again.') : null,
    name ? h('p', { class: 'mono small' }, h('span', { 'data-field': 'error-name' }, visible(name))) : null);
}

/**
 * Returns the heading of a device that the organisation took back.
 * @param {Object} model
 * @returns {string}
 */
export function revoked(model) {
  return model.revoked === 'approver_revoked' ? 'This approver was revoked' : 'This device was revoked';
}

/**
 * Returns an error's text for people: without its name in front, as a sentence.
 * @param {?string} name
 * @param {?string} text
 * @returns {string}
 */
export function sentence(name, text) {
  const plain = visible(text || name || 'Something went wrong.');
  const rest = name && plain.startsWith(`${name}: `) ? plain.slice(name.length + 2) : plain;
  const upper = rest.charAt(0).toUpperCase() + rest.slice(1);
  return /[.!?…]$/u.test(upper) ? upper : `${upper}.`;
}

/**
 * Returns a button. While the app is busy it stays where it is, and does nothing.
 * @param {Object} model
 * @param {Object} button
 * @param {string} button.action for data-action
 * @param {string=} button.kind primary, secondary or plain
 * @param {?function(Event): void} button.run null for a button that submits
 * @param {?string} button.of the id of the form that it submits, if it is not inside
 * @param {...*} label
 * @returns {HTMLElement}
 */
export function button(model, { action, kind = 'primary', run = null, of = null }, ...children) {
  return h('button', {
    class: kind, type: run === null ? 'submit' : 'button', form: of, 'data-action': action,
    'aria-disabled': model.busy ? 'true' : null,
    on: run === null ? {} : { click: (event) => (model.busy ? undefined : run(event)) },
  }, children);
}

/**
 * Returns the line that says what is being waited for.
 * @param {Object} model
 * @returns {?HTMLElement}
 */
export function progress(model) {
  return model.busy ? h('p', { class: 'busy', 'data-key': 'busy' }, h('span', { class: 'pulse', 'aria-hidden': 'true' }), model.busy) : null;
}
