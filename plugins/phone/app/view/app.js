import { h } from '../dom.js';
import { announcements } from './announce.js';
import { patchChildren } from './morph.js';
import { screenOf } from './screens.js';

/**
 * Shows the app in `root` and returns the function that brings it up to date.
 * A model of the same screen patches what changed; another screen replaces all,
 * begins at the top and takes the focus to its heading.
 * @param {Element} root
 * @param {Object<string, function>} actions see the page model
 * @returns {function(Object): void} update(model)
 */
export function mount(root, actions) {
  const polite = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
  const urgent = h('div', { class: 'unseen', role: 'alert', 'aria-live': 'assertive' });
  const stage = h('div', { class: 'stage' });
  root.replaceChildren(stage, polite, urgent);
  let shown = null;
  let model = null;
  let own = {};

  /** What only concerns the screen being looked at: a panel open, a slip in a form. */
  const local = {
    get: (name) => own[name],
    set(changes, focus) {
      own = { ...own, ...changes };
      paint();
      if (focus) {
        stage.querySelector(focus)?.focus();
      }
    },
  };

  function paint() {
    const { render, title, key } = screenOf(model);
    const fresh = key !== shown;
    if (fresh) {
      own = {};
    }
    const nodes = [render(model, actions, local)].flat(Infinity).filter(Boolean);
    if (fresh) {
      stage.replaceChildren(...nodes);
      begin(stage, shown !== null);
      shown = key;
    } else {
      patchChildren(stage, nodes);
    }
    document.title = `${title} · Stillvault`;
  }

  return function update(next) {
    const before = model;
    model = { ...next };
    if (before === null || changed(before, model)) {
      paint();
    }
    const { said, called, over } = announcements(before, model);
    const moved = before !== null && before.screen !== model.screen;
    say(polite, said, moved || over);
    say(urgent, called, moved);
  };
}

// Only these show the time running; the others rest between changes.
const LIVE = new Set(['requests', 'request', 'invited', 'add-device']);

function changed(before, model) {
  if (LIVE.has(model.screen)) {
    return true;
  }
  const names = new Set([...Object.keys(before), ...Object.keys(model)]);
  names.delete('now');
  names.delete('lastPoll');
  return [...names].some((name) => before[name] !== model[name]);
}

function begin(stage, focus) {
  globalThis.scrollTo(0, 0);
  if (focus) {
    stage.querySelector('h1')?.focus({ preventScroll: true });
  }
}

// What was said on another screen, or of what is done, is not there to be found.
function say(region, text, stale) {
  if (text || stale) {
    region.textContent = text;
  }
}
