import { h } from '../dom.js';

/**
 * Returns a form that hands its named values to `submit` and sends nothing by
 * itself.
 * @param {Object} model
 * @param {function(Object<string, *>, HTMLFormElement): void} submit
 * @param {Object} props further attributes
 * @param {...*} children
 * @returns {HTMLFormElement}
 */
export function form(model, submit, props, ...children) {
  return h('form', {
    novalidate: true, ...props,
    on: {
      submit(event) {
        event.preventDefault();
        if (!model.busy) {
          submit(values(event.currentTarget), event.currentTarget);
        }
      },
    },
  }, children);
}

function values(element) {
  const named = [...element.elements].filter(({ name }) => name);
  return Object.fromEntries(named.map((input) => [input.name, valueOf(input)]));
}

function valueOf(input) {
  switch (input.type) {
    case 'file': return input.files[0] ?? null;
    case 'checkbox': return input.checked;
    default: return input.value;
  }
}

/**
 * Returns a box to tick, with what it means.
 * @param {{name: string, label: string, hint: string}} box
 * @returns {HTMLElement}
 */
export function check({ name, label, hint }) {
  const id = `in-${name}`;
  return h('div', { class: 'check', 'data-key': id },
    h('label', { for: id }, h('input', { type: 'checkbox', id, name, 'aria-describedby': `${id}-hint` }), h('span', {}, label)),
    h('p', { class: 'hint', id: `${id}-hint` }, hint));
}

/**
 * Returns a labelled input with its hint and, where there is one, its slip.
 * @param {Object} field
 * @param {string} field.name also the id's stem
 * @param {string} field.label
 * @param {string=} field.hint
 * @param {?string=} field.slip what is wrong with what was typed
 * @param {Object=} field.input attributes of the input
 * @returns {HTMLElement}
 */
export function field({ name, label, hint, slip, input = {}, on = {} }) {
  const id = `in-${name}`;
  const described = [hint && `${id}-hint`, slip && `${id}-slip`].filter(Boolean).join(' ') || null;
  return h('div', { class: 'field', 'data-key': id },
    h('label', { for: id }, label),
    hint ? h('p', { class: 'hint', id: `${id}-hint` }, hint) : null,
    h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', ...input,
      id, name, 'aria-describedby': described, 'aria-invalid': slip ? 'true' : null, on }),
    slip ? h('p', { class: 'slip', id: `${id}-slip`, role: 'alert' }, slip) : null);
}

/**
 * Empties the inputs of a form that held something secret.
 * @param {HTMLFormElement} element
 * @param {string[]} names
 */
export function clear(element, names) {
  for (const name of names) {
    element.elements[name].value = '';
  }
}

/**
 * Returns what lets a password manager file a password under a name.
 * @param {?string} name
 * @returns {HTMLElement}
 */
export function account(name) {
  return h('input', { type: 'text', name: 'username', autocomplete: 'username', value: name ?? '', hidden: true, readonly: true });
}
