import { h } from '../dom.js';
import { button, connection, fault, frame, progress, sentence } from './frame.js';
import { icon, stamp } from './icon.js';
import { foreign, listed, path, prose, visible } from './text.js';

const NUMBER = new Intl.NumberFormat('en-GB');

/** Returns "1 secret", "1,000 secrets". */
const secrets = (n) => `${NUMBER.format(n)} ${n === 1 ? 'secret' : 'secrets'}`;

/**
 * Returns a re-share's place in the list of what waits.
 * @param {Object} one a re-share of the model
 * @param {Object} model
 * @param {Object} actions
 * @returns {HTMLElement}
 */
export function reshareItem(one, model, actions) {
  const running = model.resharing?.hash === one.hash ? model.resharing : null;
  const { done, total } = running ?? one;
  const what = done >= total ? 'Dealt; others are still needed' : `Share ${secrets(total - done)} anew`;
  return h('li', { class: 'item', 'data-key': one.hash },
    h('button', { class: 'row', type: 'button', 'data-action': 'open-reshare', 'data-hash': one.hash, on: { click: () => actions.openReshare(one.hash) } },
      h('span', { class: 'row-text' },
        h('span', { class: 'row-who' }, what), path(one.pattern, null, 'row-what'),
        h('span', { class: 'more' }, running?.state === 'running' ? `${percent(running)} %, going on` : ['policy ', foreign(one.policy)])),
      h('span', { class: 'row-end' }, icon('forth'))));
}

/**
 * The screen of one re-share: who opens the secrets now, who then, one gesture,
 * and how far it is.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function reshare(model, actions) {
  const one = (model.reshares ?? []).find(({ hash }) => hash === model.selected);
  const state = current(model, one);
  if (state?.state === 'done') {
    return finished(model, actions, state);
  }
  if (!one && state?.state !== 'running') {
    return frame({ screen: 'reshare', heading: 'This re-share is over', back: () => actions.leaveReshare(), backTo: 'Requests' },
      fault(model), h('p', {}, 'Others have dealt the rest, or the policy was changed again. What you dealt is in your history.'));
  }
  return frame({ screen: 'reshare', heading: heading(one, state), back: () => actions.back(), backTo: 'Requests', bar: bar(model, actions, one, state) },
    connection(model, actions),
    state ? gauge(state) : null,
    one?.since && state?.state !== 'running' ? more(one.since) : null,
    one ? h('div', { class: 'card', 'data-key': 'card' }, facts(one, state)) : null,
    leftOut(state?.refused ?? one?.look?.refused ?? []));
}

// While it is stopped, what counts is what the core shows: the next gesture is for that.
function current(model, one) {
  const state = model.resharing?.hash === model.selected ? model.resharing : null;
  return state?.state === 'stopped' && one ? { ...state, done: one.done, total: one.total } : state;
}

function heading(one, state) {
  if (state) {
    return state.state === 'running' ? 'Sharing anew …' : `Stopped at ${NUMBER.format(state.done)} of ${NUMBER.format(state.total)}`;
  }
  return one.done >= one.total ? 'You have dealt all of it' : `Share ${secrets(one.total - one.done)} anew?`;
}

function bar(model, actions, one, state) {
  if (state?.state === 'running') {
    return [h('p', { class: 'hint' }, 'Keep this page open. If you leave it your keyring is closed at once; go on later with another gesture.'),
      h('button', { class: 'secondary', type: 'button', 'data-action': 'stop-reshare', on: { click: () => actions.stopReshare() } }, 'Stop')];
  }
  if (!one || one.done >= one.total) {
    return [fault(model), h('p', { class: 'waiting' }, 'Nothing is left for you to do here. It is complete when enough others have dealt, too.')];
  }
  if (!one.look) {
    return [fault(model), progress(model), h('p', { class: 'hint' }, 'How these are shared now is being looked at.'),
      button(model, { action: 'look-reshare', kind: 'secondary', run: () => actions.lookReshare(one.hash) }, 'Look again')];
  }
  const label = state ? 'Go on' : 'Share anew';
  const said = state?.error?.name === 'reshare_unshown' && one.since; // on the card, with what it is
  return [said ? null : fault(state?.error ? { error: state.error } : model), progress(model), h('div', { class: 'choice' },
    h('button', { class: 'secondary', type: 'button', 'data-action': 'back', on: { click: () => actions.back() } }, 'Not now'),
    button(model, { action: 'reshare', kind: 'approve', run: () => actions.reshare(one.hash) }, h('span', {}, `${label} `, h('span', { class: 'with' }, 'with passkey'))))];
}

function facts(one, state) {
  const { look } = one;
  return h('dl', { class: 'facts', vars: { '--left': (1 - one.done / one.total).toFixed(4) } },
    fact('what', 'What', path(one.pattern, 'pattern', 'lead'), h('span', { class: 'more' }, 'policy ', foreign(one.policy, 'policy', 'strong'), `, ${secrets(one.total)}`)),
    fact('from', 'Opened until now by', look ? sampled(look, one.total) : h('span', { class: 'more' }, 'Looking …')),
    fact('to', 'Opened then by', who(one.to, 0)),
    look && look.joins.length > 0 ? fact('joins', 'Who joins', h('span', { class: 'value' }, listed(look.joins.map(visible)))) : null,
    look && look.leaves.length > 0 ? fact('leaves', 'Who leaves', h('span', { class: 'value' }, listed(look.leaves.map(visible)))) : null,
    one.done > 0 && !state ? fact('done', 'Dealt by you', h('span', { class: 'value', 'data-field': 'done' }, `${NUMBER.format(one.done)} of ${NUMBER.format(one.total)}`)) : null,
    one.dealt.length > 0 ? fact('dealt', 'Dealt by others', h('span', { class: 'value' }, listed(one.dealt.map(visible)))) : null,
    fact('means', 'What it does', h('span', { class: 'more' }, 'Nothing is opened by this. Your share of each secret is split anew for the people whom this device’s own copy of the organisation’s log names now, with one gesture for all of them.')));
}

function fact(key, label, ...value) {
  return h('div', { class: `fact fact-${key}`, 'data-key': key, 'data-field': `reshare-${key}` }, h('dt', {}, label), value.filter(Boolean).map((v) => h('dd', {}, v)));
}

// What a page brought that was not shown when the person agreed.
function more({ from, joins, leaves, secrets: dealt, agreed }) {
  const names = (people) => listed(people.map(visible));
  const news = [
    joins.length > 0 ? `${names(joins)} would join.` : null,
    leaves.length > 0 ? `${names(leaves)} would leave.` : null,
    from.length > 0 ? from.map((way) => ['Opened until now by ', who(way.needs, 0)]) : null,
    dealt > 0 ? `At least ${secrets(dealt)} where you agreed to ${NUMBER.format(agreed)}.` : null,
  ].filter(Boolean);
  return h('section', { class: 'note note-warn', role: 'alert', 'data-key': 'since', 'data-field': 'reshare-since' },
    h('p', { class: 'strong' }, 'More is shown now than when you agreed.'),
    h('ul', { class: 'quiet-list' }, news.map((one) => h('li', {}, one))),
    h('p', {}, 'Nothing of that was dealt, and your keyring is closed. Look again at what is below; go on only if it is right.'));
}

// How it is shared now, as far as it was shown.
function sampled({ from }, total) {
  const seen = from.reduce((sum, way) => sum + way.secrets, 0);
  return [
    from.map((way) => who(way.needs, from.length > 1 ? way.secrets : 0)),
    seen < total ? h('span', { class: 'more block' }, `As ${NUMBER.format(seen)} of them show. Should others be shared otherwise, it stops and shows you.`) : null,
  ];
}

// "2 of 4 dba" for each requirement, and who they are.
function who(needs, of) {
  return needs.map(({ name, m, people, breakGlass }) => h('div', { class: 'way' },
    h('span', { class: 'value' }, breakGlass ? 'or in an emergency ' : null, `${m} of ${people.length} `, foreign(name, null, 'strong'), of > 0 ? ` (${secrets(of)})` : null),
    h('span', { class: 'more block' }, listed(people.map(visible)))));
}

/** How many of a hundred are dealt. */
export function percent({ done, total }) {
  return total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100;
}

function gauge(state) {
  const { done, total } = state;
  const share = percent(state);
  return h('div', { class: 'gauge', 'data-key': 'gauge' },
    h('div', {
      class: 'gauge-bar', role: 'progressbar', 'aria-label': 'Shared anew', 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': share,
      'aria-valuetext': `${NUMBER.format(done)} of ${NUMBER.format(total)}`, vars: { '--share': (share / 100).toFixed(2) },
    }, h('span', { class: 'gauge-fill' })),
    h('p', { class: 'value' }, h('span', { class: 'number', 'data-field': 'progress' }, `${NUMBER.format(done)} of ${NUMBER.format(total)}`), `, ${share} %`));
}

function finished(model, actions, state) {
  const left = h('button', { class: 'primary', type: 'button', 'data-action': 'leave-reshare', on: { click: () => actions.leaveReshare() } }, 'Done');
  const dealt = state.dealt > 0 ? `${secrets(state.dealt)} below ${visible(state.pattern)} ${state.dealt === 1 ? 'was' : 'were'} dealt to the people whom the policy ${visible(state.policy)} names now.`
    : 'Nothing was left to deal.';
  return frame({ screen: 'reshare', heading: 'Shared anew', bar: left },
    h('div', { class: 'verdict verdict-yes', 'data-field': 'outcome', 'data-how': 'reshared' }, stamp('yes')),
    h('p', { class: 'lede' }, dealt),
    h('p', {}, 'It is complete as soon as enough others have dealt, too. The shares from before are kept until enough of the new ones have proven themselves by opening; those of people who were revoked are deleted at once.'),
    fault(model), leftOut(state.refused));
}

function leftOut(refused) {
  return refused.length === 0 ? null : h('section', { class: 'part', 'aria-labelledby': 'left-out', 'data-key': 'left-out', 'data-field': 'left-out' },
    h('h2', { id: 'left-out' }, 'Left out'),
    h('p', { class: 'hint' }, 'This device checked these and does not deal them. Tell the people who run Vault what is written here.'),
    h('ul', { class: 'quiet-list' }, refused.map((one) => h('li', { 'data-key': `${one.path} ${one.version}` },
      one.path ? [path(one.path), ` version ${one.version}: `] : 'One that could not be read: ', prose(sentence(one.name, one.text)), ' ', h('span', { class: 'mono small' }, visible(one.name))))));
}
