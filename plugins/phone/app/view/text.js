import { h } from '../dom.js';

// Control and format characters, separators that look like nothing, private use.
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/**
 * Returns a foreign text so that it shows as what it is: characters that could
 * turn, hide or break others appear as their code.
 * @param {?string} text
 * @returns {string}
 */
export function visible(text) {
  return String(text ?? '').replace(INVISIBLE, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/**
 * Shows a foreign text, apart from the direction of what surrounds it.
 * @param {?string} text
 * @param {?string} field name for data-field
 * @param {string=} kind class
 * @returns {HTMLElement}
 */
export function foreign(text, field, kind) {
  return h('bdi', { class: kind, 'data-field': field }, visible(text));
}

/**
 * Shows a path or file name whole. It breaks after a separator, and within a
 * segment only where that alone is wider than the screen.
 * @param {string} text
 * @param {?string} field name for data-field
 * @param {string=} kind further class
 * @returns {HTMLElement}
 */
export function path(text, field, kind = '') {
  const parts = visible(text).split(/(?<=[/\\])/u);
  const pieces = parts.map((part) => h('span', {}, part));
  return h('bdi', { class: `path ${kind}`.trim(), dir: 'ltr', 'data-field': field }, pieces);
}

/**
 * Shows an identifier or digest in groups, so that it can be compared by eye.
 * What is read and copied is the text without the gaps.
 * @param {string} text
 * @param {number} size characters in a group
 * @param {?string} field name for data-field
 * @param {string=} kind further class
 * @returns {HTMLElement}
 */
export function grouped(text, size, field, kind = '') {
  const groups = text.match(new RegExp(`.{1,${size}}`, 'gu')) ?? [];
  return h('span', { class: `grouped ${kind}`.trim(), dir: 'ltr', 'data-field': field },
    groups.map((group) => [h('span', { class: 'group' }, group), h('wbr')]));
}

/**
 * Sets what stands between backticks as something to type.
 * @param {string} text
 * @returns {Array<string|HTMLElement>}
 */
export function prose(text) {
  return text.split('`').map((part, i) => (i % 2 === 1 ? h('code', { class: 'mono' }, part) : part));
}

/**
 * Joins names as a sentence does.
 * @param {string[]} names
 * @param {string=} last the word before the last one
 * @returns {string}
 */
export function listed(names, last = 'and') {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`;
}
