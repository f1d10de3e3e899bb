import { h } from '../dom.js';
import { fault, frame, sentence as errorSentence } from './frame.js';
import { stamp } from './icon.js';
import { outcomeText } from './outcome-text.js';
import { waiting } from './quiet.js';
import { foreign, path, prose, visible } from './text.js';

/**
 * How it ended: one mark, one sentence, and the way on.
 * @param {Object} model
 * @param {Object} actions
 * @returns {Node[]}
 */
export function outcome(model, actions) {
  const result = model.outcome ?? { how: 'ended', path: '' };
  const { mark, heading, sentence } = outcomeText(result);
  const more = waiting(model);
  const bar = h('button', { class: 'primary', type: 'button', 'data-action': 'back', on: { click: () => actions.show('requests') } },
    more > 0 ? `Next: ${more === 1 ? 'one request waits' : `${more} requests wait`}` : 'Done');
  return frame({ screen: 'outcome', heading, bar },
    h('div', { class: `verdict verdict-${mark}`, 'data-field': 'outcome', 'data-how': result.how }, stamp(mark)),
    h('p', { class: 'lede' }, sentence),
    h('dl', { class: 'plainfacts' },
      result.path ? [h('dt', {}, 'What'), h('dd', {}, path(result.path, 'path'))] : null,
      result.requester ? [h('dt', {}, 'Who'), h('dd', {}, foreign(result.requester, 'requester'))] : null,
      result.how === 'approved' && result.consumer && !['refused', 'unsent'].includes(result.state) ? [h('dt', {}, 'Delivered to'), h('dd', {}, foreign(result.consumer, 'consumer'))] : null,
      result.reason ? [h('dt', {}, 'Reason'), h('dd', {}, foreign(result.reason, 'reason'))] : null,
      result.counter ? [h('dt', {}, 'Receipt'), h('dd', {}, `Number ${result.counter} of this device, in your history`)] : null),
    result.state === 'refused' && result.error ? h('div', { class: 'note note-warn' },
      h('p', {}, 'Vault did not take this answer.'),
      h('p', { 'data-field': 'error-text' }, prose(errorSentence(result.error.name, result.error.text))),
      h('p', { class: 'mono small', 'data-field': 'error-name' }, visible(result.error.name))) : null,
    fault(model));
}
