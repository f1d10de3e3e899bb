// Calls into the worker that holds the keys.
import { wipe } from './bytes.js';
import { Failure, reworded } from './failure.js';

const stopped = () => new Failure('core_failed', 'the part of the app that holds the keys has stopped; reload the page');

/**
 * Starts the core in a worker.
 * @param {() => Worker} spawn makes the worker
 * @returns {{call: (op: string, args?: object, secrets?: Record<string, Uint8Array>) => Promise<any>, stop: () => void}}
 *   call hands its secrets over: they are empty here afterwards. stop ends the worker, and with it all key material.
 */
export function startCore(spawn) {
  const worker = spawn();
  const waiting = new Map();
  let last = 0;
  let ended = false;

  const end = () => {
    ended = true;
    worker.terminate();
    for (const { reject } of waiting.values()) reject(stopped());
    waiting.clear();
  };
  worker.onerror = end;
  worker.onmessageerror = end;
  worker.onmessage = ({ data }) => {
    const call = waiting.get(data.id);
    waiting.delete(data.id);
    if (!call) return;
    if (data.error) call.reject(new Failure(data.error.name, reworded(data.error.name, data.error.text)));
    else call.resolve(data.ok);
  };

  return {
    call(op, args = {}, secrets = {}) {
      if (ended) {
        wipe(...Object.values(secrets));
        return Promise.reject(stopped());
      }
      const id = ++last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, op, args, secrets }, Object.values(secrets).map((s) => s.buffer));
      });
    },
    stop: end,
  };
}
