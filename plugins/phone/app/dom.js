// Elements are made here and nowhere else: no markup is ever parsed, so text
// from a request can only ever become text.

const SVG = 'http://www.w3.org/2000/svg';

/** What an element carries besides its attributes: {on, vars}. */
const carried = new WeakMap();

/**
 * Makes an HTML element.
 * @param {string} tag
 * @param {?Object} props attributes; `on` holds handlers by event name, `vars`
 *   custom properties of CSS. null, undefined and false leave an attribute out.
 * @param {...*} children nodes, texts, or arrays of them; null and false are skipped
 * @returns {HTMLElement}
 */
export function h(tag, props, ...children) {
  return build(document.createElement(tag), props, children);
}

/**
 * Makes an SVG element; otherwise like h.
 * @param {string} tag
 * @param {?Object} props
 * @param {...*} children
 * @returns {SVGElement}
 */
export function svg(tag, props, ...children) {
  return build(document.createElementNS(SVG, tag), props, children);
}

function build(element, props, children) {
  const { on = {}, vars = {}, ...attributes } = props ?? {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  carry(element, { on, vars });
  element.append(...flat(children));
  return element;
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/**
 * Gives an element its handlers and custom properties, replacing those before.
 * Handlers are looked up when the event comes, so that a patched element never
 * runs one that belongs to an older model.
 * @param {Element} element
 * @param {{on: Object<string, function(Event)>, vars: Object<string, string>}} next
 */
export function carry(element, next) {
  const before = carried.get(element) ?? { on: {}, vars: {}, heard: new Set() };
  carried.set(element, { ...next, heard: before.heard });
  for (const type of Object.keys(next.on)) {
    if (!before.heard.has(type)) {
      before.heard.add(type);
      element.addEventListener(type, (event) => carried.get(element).on[type]?.(event));
    }
  }
  for (const [name, value] of Object.entries(next.vars)) {
    if (before.vars[name] !== value) {
      element.style.setProperty(name, value);
    }
  }
}

/**
 * Returns what an element carries.
 * @param {Element} element
 * @returns {{on: Object<string, function(Event)>, vars: Object<string, string>}}
 */
export function carriedBy(element) {
  return carried.get(element) ?? { on: {}, vars: {} };
}
