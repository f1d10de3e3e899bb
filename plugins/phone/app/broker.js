// Calls to the broker: JSON in and out, no cookies, no referrer, no redirects, and
// to no origin but those that the page's own policy names.
import { Failure, readNamed } from './failure.js';

const patience = 20_000; // ms; an inbox call may wait ten seconds by itself

/**
 * The origins that the page may talk to: its own, and those its policy lists.
 * @param {string} policy the text of the page's Content-Security-Policy
 * @param {string} own the page's origin
 * @returns {Set<string>}
 */
export function originsOf(policy, own) {
  const connect = policy.split(';').map((d) => d.trim().split(/\s+/)).find(([name]) => name === 'connect-src') ?? [];
  return new Set([own, ...connect.slice(1).filter((source) => /^https?:\/\//.test(source)).map((source) => new URL(source).origin)]);
}

/**
 * Makes the calls of one mount.
 * @param {string} base the mount's API base, such as https://vault.example:8200/v1/stillvault
 * @param {{origins: Set<string>, own: string, fetch?: typeof fetch}} where
 * @returns {{post: Call, get: (path: string, options?: object) => Promise<object>}}
 * @typedef {(path: string, body: object, options?: {signal?: AbortSignal}) => Promise<object>} Call
 */
export function createBroker(base, { origins, own, fetch = globalThis.fetch.bind(globalThis) }) {
  const origin = originOf(base);
  if (!origins.has(origin)) {
    throw new Failure('origin_not_allowed', `this copy of the app may not talk to ${origin}; open the address that your invitation came with, or have its operator allow that origin`);
  }
  const call = (method, path, body, { signal } = {}) => exchange(fetch, `${base}/${path}`, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: headers(body !== undefined, origin === own),
    credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error', cache: 'no-store',
    mode: origin === own ? 'same-origin' : 'cors',
  }, signal);
  return {
    post: (path, body, options) => call('POST', path, body, options),
    get: (path, options) => call('GET', path, undefined, options),
  };
}

function originOf(base) {
  try {
    return new URL(base).origin;
  } catch {
    throw new Failure('base_invalid', 'the invitation does not say where its Vault is; ask for a new one');
  }
}

// Vault can be told to want its own header; across origins its CORS rules know
// only the first.
function headers(body, same) {
  return { ...(body && { 'Content-Type': 'application/json' }), ...(same && { 'X-Vault-Request': 'true' }) };
}

async function exchange(fetch, url, init, signal) {
  const limit = AbortSignal.timeout(patience);
  const both = signal ? AbortSignal.any([signal, limit]) : limit;
  let response;
  let text;
  try {
    response = await fetch(url, { ...init, signal: both });
    text = await response.text();
  } catch (error) {
    if (signal?.aborted) throw new DOMException('given up', 'AbortError');
    if (limit.aborted) throw new Failure('broker_timeout', 'Vault did not answer in time; it is tried again');
    throw new Failure('broker_unreachable', 'Vault cannot be reached from here; check the connection');
  }
  return decode(response.status, text);
}

/**
 * Reads an answer: the data of a good one, a named error of any other.
 * @param {number} status
 * @param {string} text
 * @returns {object}
 * @throws {Failure}
 */
export function decode(status, text) {
  let body = null;
  try {
    body = text === '' ? {} : JSON.parse(text);
  } catch {
    throw strange(status);
  }
  if (status >= 200 && status < 300) {
    if (typeof body?.data !== 'object' || body.data === null) throw strange(status);
    return body.data;
  }
  if (!Array.isArray(body?.errors)) throw strange(status);
  throw refusal(status, body.errors.filter((e) => typeof e === 'string'));
}

function refusal(status, errors) {
  for (const error of errors) {
    const named = readNamed(error);
    if (named) return new Failure(named.name, named.text, status);
  }
  if (status === 404) return new Failure('broker_path_missing', 'no Stillvault answers at this address; check that the mount exists and is up to date', status);
  if (status === 503) return new Failure('broker_unavailable', 'Vault is sealed or not active at the moment; it is tried again', status);
  return new Failure('broker_refused', `Vault refused the call with status ${status}${errors.length ? `: ${errors[0]}` : ''}`, status);
}

function strange(status) {
  return new Failure('broker_answer_invalid', `what answers at this address is not Vault (status ${status}); check the address and what stands in front of it`, status);
}

/**
 * Says whether a call that failed so may succeed when it is made again as it was.
 * @param {Failure} failure
 * @returns {boolean}
 */
export function isPassing(failure) {
  const passing = ['broker_timeout', 'broker_unreachable', 'broker_unavailable', 'broker_answer_invalid', 'address_cap', 'call_ended', 'roster_behind'];
  return passing.includes(failure.name) || failure.status >= 500 || failure.status === 423 || failure.status === 429;
}
