import test from 'node:test';
import assert from 'node:assert/strict';
import { toBase64url } from '../app/bytes.js';
import { makePasskey, usePasskey } from '../app/passkey.js';

const id = new Uint8Array([1, 2, 3]);
const gesture = { challenge: 'AAAA', salt: 'AAAA', credentialId: toBase64url(id) };
const options = { challenge: 'AAAA', userId: 'AAAA', userName: 'alice', userDisplayName: 'alice', rpId: 'vault.example' };

function authenticator({ flags = 0x05, rawId = id, prf = new ArrayBuffer(32), enabled = true, error = null } = {}) {
  const data = new Uint8Array(37);
  data[32] = flags;
  const credential = (prfResult) => ({
    rawId, getClientExtensionResults: () => ({ prf: prfResult }),
    response: { authenticatorData: data.buffer, getAuthenticatorData: () => data.buffer, clientDataJSON: new ArrayBuffer(2) },
  });
  const seen = {};
  return {
    seen,
    create: async ({ publicKey }) => { seen.create = publicKey; if (error) throw error; return credential(enabled === null ? undefined : { enabled }); },
    get: async ({ publicKey }) => { seen.get = publicKey; if (error) throw error; return credential(prf && { results: { first: prf } }); },
  };
}

test('a gesture gives the assertion and 32 bytes', async () => {
  const credentials = authenticator();
  const { assertion, prf } = await usePasskey(gesture, { rpId: 'vault.example', credentials });
  assert.equal(prf.length, 32);
  assert.equal(assertion.credentialId, gesture.credentialId);
  assert.equal(credentials.seen.get.userVerification, 'required');
  assert.equal(credentials.seen.get.rpId, 'vault.example');
});

test('what an authenticator does wrong has a name', async () => {
  const dom = (name) => new DOMException('', name);
  for (const [what, want] of [
    [{ flags: 0x01 }, 'user_verification_missing'], [{ prf: null }, 'prf_missing'], [{ prf: new ArrayBuffer(16) }, 'prf_missing'],
    [{ rawId: new Uint8Array([9]) }, 'passkey_unknown'], [{ error: dom('NotAllowedError') }, 'gesture_cancelled'],
    [{ error: dom('AbortError') }, 'gesture_cancelled'], [{ error: dom('SecurityError') }, 'origin_wrong'], [{ error: dom('InvalidStateError') }, 'passkey_unknown'],
  ]) await assert.rejects(usePasskey(gesture, { rpId: 'vault.example', credentials: authenticator(what) }), { name: want }, want);
});

test('bytes of a gesture that is refused are wiped', async () => {
  const prf = new Uint8Array(32).fill(7).buffer;
  await assert.rejects(usePasskey(gesture, { rpId: 'vault.example', credentials: authenticator({ prf, flags: 0x01 }) }));
  assert.ok(new Uint8Array(prf).every((b) => b === 0));
});

test('a passkey without PRF or verification is not made', async () => {
  for (const [what, want] of [
    [{ enabled: false }, 'prf_missing'], [{ flags: 0x01 }, 'user_verification_missing'],
    [{ error: new DOMException('', 'InvalidStateError') }, 'passkey_exists'], [{ error: new DOMException('', 'ConstraintError') }, 'user_verification_missing'],
  ]) await assert.rejects(makePasskey(options, { credentials: authenticator(what) }), { name: want }, want);
  const silent = await makePasskey(options, { credentials: authenticator({ enabled: null }) });
  assert.equal(silent.attestation.prfEnabled, null, 'who says nothing is found out by evaluating');
});

test('the passkey is discoverable, verified and asked for PRF', async () => {
  const credentials = authenticator();
  await makePasskey(options, { credentials });
  const { authenticatorSelection, extensions, attestation } = credentials.seen.create;
  assert.deepEqual([authenticatorSelection.residentKey, authenticatorSelection.userVerification, attestation], ['required', 'required', 'none']);
  assert.deepEqual(extensions, { prf: {} });
});
