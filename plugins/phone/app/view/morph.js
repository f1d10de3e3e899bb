import { carry, carriedBy } from '../dom.js';

// What a person changed on an element stays theirs while a screen is patched.
const THEIRS = new Set(['style', 'open', 'value', 'checked']);

/**
 * Changes the children of `parent` into `wanted`, keeping every element that can
 * stay: with it stay focus, scroll, what was typed and what was unfolded.
 * Elements match by data-key, or by place and tag where they have none.
 * @param {Element} parent
 * @param {Node[]} wanted
 */
export function patchChildren(parent, wanted) {
  const keyed = keep(parent, new Set(wanted.map((node) => node.dataset?.key)));
  let place = parent.firstChild;
  for (const next of wanted) {
    const match = matching(place, next, keyed);
    if (match === null) {
      parent.insertBefore(next, place);
      continue;
    }
    if (match === place) {
      place = place.nextSibling;
    } else {
      parent.insertBefore(match, place);
    }
    patchNode(match, next);
  }
  while (place !== null) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

// Returns the keyed children that stay, by key. Those that go, go first: what
// stays is then not moved for their sake, and moving would cost it the focus.
function keep(parent, keys) {
  const keyed = new Map();
  for (const child of [...parent.children]) {
    const { key } = child.dataset;
    if (key !== undefined && !keys.has(key)) {
      child.remove();
    } else if (key !== undefined) {
      keyed.set(key, child);
    }
  }
  return keyed;
}

function matching(place, next, keyed) {
  if (next.nodeType === Node.ELEMENT_NODE && next.dataset.key !== undefined) {
    const known = keyed.get(next.dataset.key) ?? null;
    return known !== null && known.nodeName === next.nodeName ? known : null;
  }
  const free = place !== null && (place.nodeType !== Node.ELEMENT_NODE || place.dataset.key === undefined);
  return free && place.nodeName === next.nodeName ? place : null;
}

function patchNode(node, next) {
  if (node.nodeType !== Node.ELEMENT_NODE) {
    if (node.data !== next.data) {
      node.data = next.data;
    }
    return;
  }
  patchAttributes(node, next);
  carry(node, carriedBy(next));
  patchChildren(node, [...next.childNodes]);
}

function patchAttributes(node, next) {
  for (const { name } of [...node.attributes]) {
    if (!THEIRS.has(name) && !next.hasAttribute(name)) {
      node.removeAttribute(name);
    }
  }
  for (const { name, value } of next.attributes) {
    if (!THEIRS.has(name) && node.getAttribute(name) !== value) {
      node.setAttribute(name, value);
    }
  }
}
