// One thing done again and again while somebody looks: with a pause that the step
// chooses, a longer one after each failure, and none at all while the page is hidden.
import { failureOf, isAborted } from '../failure.js';

const longest = 30_000; // ms between two tries

/**
 * How long to wait after so many failures in a row: 1 s, 2 s, 4 s … 30 s, each
 * shortened by up to a quarter so that many phones do not come back at once.
 * @param {number} failures
 * @param {() => number} [random]
 * @returns {number} ms
 */
export function backoff(failures, random = Math.random) {
  return Math.min(longest, 1000 * 2 ** (failures - 1)) * (1 - random() / 4);
}

/**
 * Runs step until it returns null or the signal is aborted.
 * @param {(signal: AbortSignal) => Promise<number|null>} step returns the pause until the next one, in ms; its signal is aborted when the page is hidden
 * @param {{page: import('../page.js').Page, clock: {sleep: (ms: number, signal: AbortSignal) => Promise<void>}, signal: AbortSignal, offline?: boolean, failed?: (failure: import('../failure.js').Failure) => boolean|void}} how
 *   offline: goes on without a network; failed is told of each failure and may return true to end the loop
 * @returns {{done: Promise<void>, nudge: () => void}} nudge ends the present pause, or makes the present step start again
 */
export function repeat(step, { page, clock, signal, offline = false, failed = () => false }) {
  const active = () => page.visible() && (offline || page.online());
  let turn = new AbortController();
  let wake = () => {};
  const woken = () => new Promise((resolve) => { wake = resolve; });
  const check = () => {
    if (signal.aborted || !active()) turn.abort();
    wake();
  };
  page.changed(check, signal);
  signal.addEventListener('abort', check, { once: true });

  const run = async () => {
    let failures = 0;
    while (!signal.aborted) {
      if (!active()) {
        await woken();
        continue;
      }
      turn = new AbortController();
      let pause;
      try {
        pause = await step(turn.signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (isAborted(error)) continue;
        if (failed(failureOf(error))) return;
        pause = backoff(++failures);
      }
      if (pause === null) return;
      if (!turn.signal.aborted) await clock.sleep(pause, turn.signal);
    }
  };
  return { done: run(), nudge: () => turn.abort() };
}
