import { svg } from '../dom.js';

const QUIET = 4;

/**
 * Draws a QR code, dark on light whatever the colours around it.
 * @param {{size: number, modules: string}} qr rows of 0 and 1, size × size
 * @param {string} label what it is, for those who do not see it
 * @returns {SVGElement}
 */
export function qrCode({ size, modules }, label) {
  const side = size + 2 * QUIET;
  return svg('svg', { class: 'qr', viewBox: `0 0 ${side} ${side}`, role: 'img', 'aria-label': label, 'shape-rendering': 'crispEdges' },
    svg('rect', { class: 'qr-light', width: side, height: side }),
    svg('path', { class: 'qr-dark', d: runs(size, modules) }));
}

function runs(size, modules) {
  const parts = [];
  for (let y = 0; y < size; y++) {
    const row = modules.slice(y * size, (y + 1) * size);
    for (const { 0: run, index } of row.matchAll(/1+/gu)) {
      parts.push(`M${index + QUIET} ${y + QUIET}h${run.length}v1h-${run.length}z`);
    }
  }
  return parts.join('');
}
