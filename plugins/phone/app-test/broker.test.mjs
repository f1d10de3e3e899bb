import test from 'node:test';
import assert from 'node:assert/strict';
import { createBroker, decode, isPassing, originsOf } from '../app/broker.js';
import { readNamed, reworded } from '../app/failure.js';

const refusal = (status, text) => {
  try {
    decode(status, text);
  } catch (failure) {
    return failure;
  }
  return assert.fail('was taken');
};

test('answers are taken apart, whatever stands in front of Vault', () => {
  assert.deepEqual(decode(200, '{"data":{"sealed":"x"}}'), { sealed: 'x' });
  for (const [status, text, name] of [
    [410, '{"errors":["request_expired: the deadline has passed; ask again"]}', 'request_expired'],
    [400, '{"errors":["1 error occurred:\\n\\t* inbox_invalid: stale\\n\\n"]}', 'inbox_invalid'],
    [404, '{"errors":[]}', 'broker_path_missing'],
    [503, '{"errors":["Vault is sealed"]}', 'broker_unavailable'],
    [403, '{"errors":["permission denied"]}', 'broker_refused'],
    [502, '<html>Bad gateway</html>', 'broker_answer_invalid'],
    [200, '<html>Log in to the Wi-Fi</html>', 'broker_answer_invalid'],
    [200, '{}', 'broker_answer_invalid'],
    [200, 'null', 'broker_answer_invalid'],
  ]) {
    const failure = refusal(status, text);
    assert.deepEqual([failure.name, failure.status], [name, status], text);
  }
});

test('names are read as the Go side words them', () => {
  assert.deepEqual(readNamed('ticket_expired: over; make a new one'), { name: 'ticket_expired', text: 'over; make a new one' });
  assert.deepEqual(readNamed('request 7: denied: no'), { name: 'denied', text: 'no' });
  assert.deepEqual(readNamed('inbox: device "a": revoked'), { name: 'revoked', text: 'inbox: device "a": revoked' });
  assert.deepEqual(readNamed('receipt: device 7: unknown_in_roster; push the log'), { name: 'unknown_in_roster', text: 'push the log' });
  assert.equal(readNamed('permission denied'), null);
  assert.equal(readNamed('failed to parse JSON input: unexpected EOF'), null);
});

test('what to do is said first, what was being done behind it', () => {
  assert.equal(reworded('wrong_factor', 'open keyring: wrong_factor: try again'), 'try again (open keyring)');
  assert.equal(reworded('wrong_factor', 'wrong_factor: try again'), 'try again');
  assert.equal(reworded('wrong_factor', 'no such name in it'), 'no such name in it');
});

test('what passes by itself is told from what does not', () => {
  for (const [status, text, want] of [
    [423, '{"errors":["draining: later"]}', true], [500, '{"errors":["internal error"]}', true],
    [422, '{"errors":["address_cap: wait a minute"]}', true], [410, '{"errors":["request_expired: over"]}', false],
    [403, '{"errors":["device_not_admitted: no"]}', false],
  ]) assert.equal(isPassing(refusal(status, text)), want, text);
});

test('no origin is called but the page\'s own and those that its policy names', () => {
  const policy = "default-src 'none'; connect-src 'self' https://vault.example:8200; img-src https://elsewhere.example";
  const origins = originsOf(policy, 'https://app.example');
  assert.deepEqual([...origins], ['https://app.example', 'https://vault.example:8200']);
  assert.throws(() => createBroker('https://elsewhere.example/v1/stillvault', { origins, own: 'https://app.example' }), { name: 'origin_not_allowed' });
  assert.throws(() => createBroker('', { origins, own: 'https://app.example' }), { name: 'base_invalid' });
});

test('calls carry no cookie and no referrer and follow no redirect', async () => {
  let seen;
  const fetch = async (url, init) => { seen = { url, init }; return new Response('{"data":{}}'); };
  const broker = createBroker('https://vault.example/v1/stillvault', { origins: new Set(['https://vault.example']), own: 'https://app.example', fetch });
  await broker.post('device/inbox', { call: 'c' });
  assert.equal(seen.url, 'https://vault.example/v1/stillvault/device/inbox');
  const { credentials, referrerPolicy, redirect, cache, mode, headers } = seen.init;
  assert.deepEqual([credentials, referrerPolicy, redirect, cache, mode], ['omit', 'no-referrer', 'error', 'no-store', 'cors']);
  assert.deepEqual(headers, { 'Content-Type': 'application/json' });
});

test('no network and giving up are told apart', async () => {
  const where = { origins: new Set(['https://vault.example']), own: 'https://vault.example' };
  const dead = createBroker('https://vault.example/v1/s', { ...where, fetch: async () => { throw new TypeError('Failed to fetch'); } });
  await assert.rejects(dead.get('x'), { name: 'broker_unreachable' });
  const gone = new AbortController();
  gone.abort();
  await assert.rejects(dead.get('x', { signal: gone.signal }), { name: 'AbortError' });
});
