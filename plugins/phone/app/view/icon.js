import { svg } from '../dom.js';

const LINES = {
  back: ['M15 5l-7 7 7 7'],
  requests: ['M4 7h16', 'M4 12h16', 'M4 17h9'],
  history: ['M12 7v5l3.5 2', 'M12 3.5a8.5 8.5 0 1 0 8.5 8.5A8.5 8.5 0 0 0 12 3.5z'],
  settings: ['M4 8h9', 'M17 8h3', 'M4 16h3', 'M11 16h9', 'M15 6v4', 'M9 14v4'],
  forth: ['M9 5l7 7-7 7'],
};

/**
 * Draws a line icon, which says nothing to a screen reader.
 * @param {string} name back, forth, requests, history or settings
 * @returns {SVGElement}
 */
export function icon(name) {
  return svg('svg', { class: `icon icon-${name}`, viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    LINES[name].map((d) => svg('path', { d })));
}

/**
 * Draws Stillvault's mark: a ring, still water half-way up in it.
 * @returns {SVGElement}
 */
export function emblem() {
  return svg('svg', { class: 'emblem', viewBox: '0 0 32 32', 'aria-hidden': 'true', focusable: 'false' },
    svg('circle', { class: 'emblem-ring', cx: 16, cy: 16, r: 13 }),
    svg('path', { class: 'emblem-water', d: 'M6 17h20a10 10 0 0 1-20 0z' }));
}

const STAMPS = {
  yes: [['circle', { cx: 48, cy: 48, r: 44, class: 'stamp-fill' }], ['path', { d: 'M29 49l13 13 26-28', class: 'stamp-cut' }]],
  half: [['circle', { cx: 48, cy: 48, r: 43, class: 'stamp-line' }], ['path', { d: 'M14 50h68a34 34 0 0 1-68 0z', class: 'stamp-fill' }]],
  no: [['rect', { x: 6, y: 6, width: 84, height: 84, class: 'stamp-fill' }], ['path', { d: 'M30 48h36', class: 'stamp-cut' }]],
  none: [['circle', { cx: 48, cy: 48, r: 43, class: 'stamp-line stamp-broken' }]],
  stop: [['path', { d: 'M31 5h34l26 26v34l-26 26H31L5 65V31z', class: 'stamp-fill' }], ['path', { d: 'M48 27v28M48 67v3', class: 'stamp-cut' }]],
};

/**
 * Draws the mark of an outcome: round for yes, square for no, empty for neither.
 * @param {string} name yes, half, no, none or stop
 * @returns {SVGElement}
 */
export function stamp(name) {
  return svg('svg', { class: `stamp stamp-${name}`, viewBox: '0 0 96 96', 'aria-hidden': 'true', focusable: 'false' },
    STAMPS[name].map(([tag, props]) => svg(tag, props)));
}
