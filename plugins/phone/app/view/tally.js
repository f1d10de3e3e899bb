import { h } from '../dom.js';
import { foreign, listed, visible } from './text.js';

/**
 * Shows one requirement: a dot for each yes that it needs, how many there are, and
 * who they are or who is waited for.
 * @param {Object} need a requirement of a card
 * @param {boolean} sole one person is enough, and nobody has decided
 * @param {boolean} consenting consents are what counts for now
 * @returns {HTMLElement}
 */
export function requirement(need, sole, consenting) {
  const { name, m, have } = need;
  const done = consenting ? 'dot dot-half' : 'dot dot-yes';
  const dots = Array.from({ length: m }, (_, i) => h('span', { class: i < have ? done : 'dot' }));
  const names = (need.people ?? []).map(visible);
  return h('div', { class: 'quorum', 'data-requirement': name, 'data-key': `need-${name}` }, h('span', { class: 'dots', 'aria-hidden': 'true' }, dots),
    sole && names.length > 0 ? h('span', { class: 'value' }, `One of ${listed(names, 'or')}`)
      : h('span', {}, h('span', { class: 'value' }, `${have} of ${m} `, foreign(name, null, 'strong')), h('span', { class: 'more block' }, who(need, consenting))));
}

// Who said yes, or who of the others could.
function who({ m, have, decided, missing }, consenting) {
  if (have >= m) {
    return `${consenting ? 'Consented' : 'Met'}${(decided ?? []).length > 0 ? ` by ${listed(decided.map(visible))}` : ''}.`;
  }
  const needed = m - have;
  const names = (missing ?? []).map(visible);
  if (names.length === 0) {
    return `${needed} missing.`;
  }
  return needed >= names.length ? `Waiting for ${listed(names)}.` : `Waiting for ${needed === 1 ? 'one' : needed} of ${listed(names, 'or')}.`;
}

/**
 * Returns where one is of the two steps of a request that everybody has to agree
 * to before anything is released.
 * @param {Object} card
 * @returns {?HTMLElement}
 */
export function step(card) {
  if (!card.consentFirst) {
    return null;
  }
  const at = card.agreed ? 2 : 1;
  const steps = [[1, 'Consent', 'releases nothing yet'], [2, 'Release', 'when all have consented']];
  return h('ol', { class: 'two-steps', 'data-key': 'step', 'data-step': at }, steps.map(([n, name, more]) => h('li', {
    class: n < at ? 'step-done' : null, 'aria-current': n === at ? 'step' : null,
  }, h('span', { class: 'strong' }, `${n}. ${name}`), n < at ? h('span', { class: 'more' }, ' done') : null, h('span', { class: 'more block' }, more))));
}
