import { h } from '../dom.js';
import { frame, sentence } from './frame.js';
import { stamp } from './icon.js';
import { path, prose, visible } from './text.js';

// What a refusal means to the person who looks at it, by the error's name.
const MEANING = {
  consumer_not_allowed: 'The policy does not let this receiver have the secret.',
  request_mismatch: 'What is asked and what is stored do not fit together. Vault may have mixed them up, or somebody may have tried to swap one.',
  request_from_the_future: 'A clock is wrong: on this device, or where the request was made.',
  request_deadline_too_far: 'The request wants to wait longer than the policy allows.',
  request_replayed: 'You decided this very request before. It was shown again.',
  self_approval: 'You asked for this yourself. Somebody else has to approve it.',
  requester_unknown: 'Vault does not say who asks, so it could be you.',
  not_a_principal: 'The policy does not name you for this path.',
  policy_mismatch: 'The secret was sealed under another policy than the one in force.',
  author_not_allowed: 'Whoever wrote this value was not allowed to.',
  access_structure_stale: 'Who may approve has changed since the secret was written.',
  reshare_mismatch: 'This wish to share secrets anew is not the mount’s own, or the policy was changed since. If it is genuine, it comes again by itself.',
  break_glass_refused: 'An emergency needs a reason, and a policy that names people for it.',
  version_rolled_back: 'An older version is being passed off as the latest.',
  version_forked: 'Two different versions claim the same place.',
};

/**
 * The screen of a request that failed a check: the reason and what it means, and
 * nothing to approve.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function refused(model, actions) {
  const one = (model.refused ?? []).find(({ hash }) => hash === model.selected) ?? { name: '', text: 'This request is no longer here.' };
  const bar = h('button', { class: 'secondary', type: 'button', 'data-action': 'back', on: { click: () => actions.back() } }, 'Back to requests');
  return frame({ screen: 'refused', heading: 'This request was refused', back: () => actions.back(), backTo: 'Requests', bar },
    h('div', { class: 'verdict' }, stamp('no')),
    h('p', { class: 'lede' }, 'Your device checked it and will not let it be approved. Nothing was released.'),
    h('dl', { class: 'plainfacts' },
      one.path ? [h('dt', {}, 'For'), h('dd', {}, path(one.path, 'path'))] : null,
      h('dt', {}, 'What is wrong'), h('dd', { 'data-field': 'error-text' }, prose(sentence(one.name, one.text))),
      MEANING[one.name] ? [h('dt', {}, 'What it means'), h('dd', {}, MEANING[one.name])] : null,
      h('dt', {}, 'What to do'), h('dd', {}, 'If you expected this request, tell the requester and the people who run Vault what is written here.'),
      one.name ? [h('dt', {}, 'Name'), h('dd', { class: 'mono', 'data-field': 'error-name' }, visible(one.name))] : null,
      one.id ? [h('dt', {}, 'Request'), h('dd', { class: 'mono' }, visible(one.id))] : null));
}
