const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

/**
 * Returns the milliseconds left until a deadline, never less than none.
 * @param {string} deadline RFC 3339
 * @param {number} now milliseconds since 1970
 * @returns {number}
 */
export function left(deadline, now) {
  return Math.max(Date.parse(deadline) - now, 0);
}

/**
 * Returns what is left of a span as a number from 0 to 1.
 * @param {string} created RFC 3339
 * @param {string} deadline RFC 3339
 * @param {number} now
 * @returns {number}
 */
export function share(created, deadline, now) {
  const whole = Date.parse(deadline) - Date.parse(created);
  return whole > 0 ? Math.min(left(deadline, now) / whole, 1) : 0;
}

/**
 * Returns milliseconds as a clock that runs down: 4:12, or 1:04:12.
 * @param {number} ms
 * @returns {string}
 */
export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest.replace(/^0/u, '');
}

/**
 * Returns seconds in words, by its two largest units: "1 hour 30 minutes".
 * @param {number} seconds
 * @returns {string}
 */
export function span(seconds) {
  let rest = Math.floor(seconds);
  const parts = [];
  for (const [name, size] of UNITS) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) {
      parts.push(`${n} ${name}${n === 1 ? '' : 's'}`);
    }
  }
  return parts.length === 0 ? '0 seconds' : parts.slice(0, 2).join(' ');
}

const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/**
 * Returns the local time of day: 21:33.
 * @param {string} time RFC 3339
 * @returns {string}
 */
export function timeOfDay(time) {
  return known(time) ? TIME.format(new Date(time)) : '';
}

/**
 * Returns the local date: 21 November 2026.
 * @param {string} time RFC 3339
 * @returns {string}
 */
export function day(time) {
  return known(time) ? DAY.format(new Date(time)) : '';
}

function known(time) {
  return Boolean(time) && !Number.isNaN(Date.parse(time));
}
