import { h } from '../dom.js';
import { requirement } from './tally.js';
import { foreign, path, visible } from './text.js';
import { clock, left, share, span, timeOfDay } from './time.js';

/**
 * Returns the facts of a request in the order in which they are weighed: who,
 * what, where, why, until when, who decided. Nothing of them is ever shortened.
 * @param {Object} card
 * @param {number} now
 * @returns {HTMLElement}
 */
export function facts(card, now) {
  return h('dl', { class: 'facts', vars: { '--left': share(card.created, card.deadline, now).toFixed(4) } },
    who(card), what(card), where(card), why(card), until(card, now), decided(card));
}

function fact(key, label, ...value) {
  return h('div', { class: `fact fact-${key}`, 'data-key': key }, h('dt', {}, label), value.filter(Boolean).map((v) => h('dd', {}, v)));
}

function origin(card) {
  return card.reported
    ? h('span', { class: 'said' }, 'reported by Vault')
    : h('span', { class: 'said said-signed' }, 'signed by ', foreign(card.consumer));
}

function who(card) {
  const name = card.requester || (card.entity ? `entity ${card.entity}` : 'unknown');
  return fact('who', 'Who asks',
    [foreign(name, 'requester', 'lead'), ' ', origin(card)],
    card.entity && card.requester ? h('span', { class: 'more' }, 'entity ', foreign(card.entity, 'entity', 'mono')) : null);
}

function what(card) {
  return fact('what', 'For what', [path(card.path, 'path', 'lead'), ' ',
    h('span', { class: 'more nowrap' }, 'version ', h('span', { 'data-field': 'version' }, String(card.version)))]);
}

function where(card) {
  const host = card.host ? h('span', { class: 'value' }, foreign(card.host, 'host', 'mono')) : null;
  const remote = card.remote ? h('span', { class: card.host ? 'more' : 'value' }, card.host ? 'from ' : null, foreign(card.remote, 'remote', 'mono'),
    card.reported && ' ', card.reported && origin(card)) : null;
  return fact('where', 'From where', host, remote, program(card),
    h('span', { class: 'more' }, 'Delivered to ', foreign(card.consumer, 'consumer', 'strong'), ', ', kind(card.consumerKind)));
}

function kind(name) {
  return { mount: 'through Vault’s memory', host: 'a host with a key of its own', ci: 'a CI job', terraform: 'a Terraform run' }[name] ?? visible(name);
}

function program(card) {
  if (!card.executable) {
    return null;
  }
  const facets = [
    card.executableHash ? ['SHA-256 ', h('span', { class: 'mono digest' }, visible(card.executableHash))] : null,
    card.pid >= 0 ? `process ${card.pid}` : null,
    card.uid >= 0 ? `user id ${card.uid}` : null,
  ].filter(Boolean);
  return [path(card.executable, 'executable', 'value'), h('span', { class: 'more block' }, facets.map((f, i) => [i > 0 && ', ', f]))];
}

function why(card) {
  return fact('why', 'Why', card.reason
    ? h('q', { class: 'reason', 'data-field': 'reason' }, foreign(card.reason))
    : h('span', { class: 'value', 'data-field': 'reason' }, 'No reason was given'));
}

function until(card, now) {
  const ms = left(card.deadline, now);
  return fact('until', 'Until when',
    h('span', { class: 'value' }, h('span', { class: ms <= 60_000 ? 'number hurry' : 'number', 'data-field': 'time-left' }, clock(ms)), ' left to decide'),
    h('span', { class: 'more' }, card.lease > 0
      ? ['then usable for ', h('span', { 'data-field': 'lease' }, span(card.lease))] : 'then usable without a limit set here'));
}

/** The dots: round yes, square no, half consent, hollow still missing. */
function decided(card) {
  const decisions = card.decisions ?? [];
  const sole = decisions.length === 0 && (card.requirements ?? []).every(({ m }) => m === 1) && card.requirements.length === 1;
  return fact('decided', 'Who decides',
    (card.requirements ?? []).map((need) => requirement(need, sole, card.consentFirst && !card.agreed)),
    decisions.length > 0 ? h('ul', { class: 'decisions', 'data-field': 'decisions' }, decisions.map(decision))
      : h('span', { class: 'unseen', 'data-field': 'decisions' }, 'Nobody has decided yet'));
}

const SAID = { approve: ['dot-yes', 'approved'], deny: ['dot-no', 'denied'], consent: ['dot-half', 'consented'] };

function decision({ approver, decision: what_, time, reason }) {
  const [dot, said] = SAID[what_] ?? ['', visible(what_)];
  return h('li', {}, h('span', { class: `dot ${dot}`, 'aria-hidden': 'true' }),
    h('span', {}, foreign(approver, null, 'strong'), ` ${said} at ${timeOfDay(time)}`, reason ? [': ', foreign(reason)] : null));
}

/**
 * Returns the code that requester and approver compare, large; a screen reader
 * spells it.
 * @param {Object} card
 * @returns {HTMLElement}
 */
export function matchCode(card) {
  return h('section', { class: 'match', 'aria-labelledby': 'match-title', 'data-key': 'match' },
    h('h2', { id: 'match-title' }, 'Match code'),
    h('p', { class: 'match-code' },
      h('span', { 'aria-hidden': 'true', 'data-field': 'match-code', dir: 'ltr' }, card.matchCode),
      h('span', { class: 'unseen' }, [...card.matchCode.replace('-', ' ')].join(' '))),
    h('p', { class: 'hint' }, `${whereSeen(card)} If they differ, deny.`));
}

// A plain `vault read` prints nothing while it waits.
function whereSeen(card) {
  return card.reported
    ? 'The requester sees the same eight characters with “stillvault read” or “stillvault requests”.'
    : 'The requester sees the same eight characters.';
}
