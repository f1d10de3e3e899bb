// The authenticator: makes a passkey, and lets it evaluate its PRF. Every call
// asks for user verification, and an answer without it, or without PRF, is refused
// by name. What comes back is checked again by the core.
import { fromBase64url, toBase64url } from './bytes.js';
import { Failure } from './failure.js';

const patience = 5 * 60_000; // ms, as long as the core's challenges live
const userVerified = 0x04; // flag in authenticator data, byte 32
const algorithms = [-8, -7, -257]; // Ed25519, P-256, RSA: the signature is not what protects anything here

/**
 * Makes a discoverable passkey that can do PRF.
 * @param {{challenge: string, userId: string, userName: string, userDisplayName: string, rpId: string}} options as the core gave them, bytes in base64url
 * @param {{signal?: AbortSignal, credentials?: CredentialsContainer}} [how]
 * @returns {Promise<{credentialId: string, authenticatorData: string, clientDataJSON: string, attestation: {prfEnabled: boolean|null}}>}
 * @throws {Failure} gesture_cancelled, passkey_exists, prf_missing, user_verification_missing, origin_wrong, passkey_unsupported
 */
export async function makePasskey(options, { signal, credentials = navigator.credentials } = {}) {
  const credential = await asked(credentials.create({ signal, publicKey: {
    challenge: fromBase64url(options.challenge),
    rp: { id: options.rpId, name: 'Stillvault' },
    user: { id: fromBase64url(options.userId), name: options.userName, displayName: options.userDisplayName },
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key', alg })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
    hints: ['client-device'],
    attestation: 'none',
    timeout: patience,
    extensions: { prf: {} },
  } }), 'create');
  // Some say nothing here; they are found out when the PRF is evaluated.
  const prfEnabled = credential.getClientExtensionResults().prf?.enabled ?? null;
  if (prfEnabled === false) throw prfMissing();
  const authenticatorData = new Uint8Array(credential.response.getAuthenticatorData());
  checkVerified(authenticatorData);
  return {
    credentialId: toBase64url(credential.rawId),
    authenticatorData: toBase64url(authenticatorData),
    clientDataJSON: toBase64url(credential.response.clientDataJSON),
    attestation: { prfEnabled },
  };
}

/**
 * One gesture: the passkey evaluates its PRF.
 * @param {{challenge: string, salt: string, credentialId: string}} gesture as the core gave it
 * @param {{rpId: string, signal?: AbortSignal, credentials?: CredentialsContainer}} how
 * @returns {Promise<{assertion: {credentialId: string, authenticatorData: string, clientDataJSON: string}, prf: Uint8Array}>}
 *   prf: 32 bytes, the caller's to hand over or wipe
 * @throws {Failure} gesture_cancelled, passkey_unknown, prf_missing, user_verification_missing, origin_wrong, passkey_unsupported
 */
export async function usePasskey(gesture, { rpId, signal, credentials = navigator.credentials }) {
  const credential = await asked(credentials.get({ signal, publicKey: {
    challenge: fromBase64url(gesture.challenge),
    rpId,
    allowCredentials: [{ type: 'public-key', id: fromBase64url(gesture.credentialId) }],
    userVerification: 'required',
    hints: ['client-device'],
    timeout: patience,
    extensions: { prf: { eval: { first: fromBase64url(gesture.salt) } } },
  } }), 'get');
  const first = credential.getClientExtensionResults().prf?.results?.first;
  const prf = first ? new Uint8Array(ArrayBuffer.isView(first) ? first.buffer : first) : null;
  try {
    const authenticatorData = new Uint8Array(credential.response.authenticatorData);
    if (toBase64url(credential.rawId) !== gesture.credentialId) throw passkeyUnknown();
    checkVerified(authenticatorData);
    if (prf?.length !== 32) throw prfMissing();
    return {
      assertion: {
        credentialId: gesture.credentialId,
        authenticatorData: toBase64url(authenticatorData),
        clientDataJSON: toBase64url(credential.response.clientDataJSON),
      },
      prf,
    };
  } catch (error) {
    prf?.fill(0);
    throw error;
  }
}

async function asked(answer, what) {
  try {
    const credential = await answer;
    if (!credential) throw cancelled();
    return credential;
  } catch (error) {
    throw error instanceof Failure ? error : refused(error, what);
  }
}

function refused(error, what) {
  switch (error.name) {
    case 'InvalidStateError':
      return what === 'create'
        ? new Failure('passkey_exists', 'this authenticator already has a passkey for this approver; remove it there, or use another one')
        : passkeyUnknown();
    case 'SecurityError':
      return new Failure('origin_wrong', 'a passkey works only on the address that it was made for, over https; open the address of your invitation');
    case 'ConstraintError':
      return verificationMissing();
    case 'NotSupportedError':
      return new Failure('passkey_unsupported', 'this authenticator cannot make the passkey that is needed here; use the phone\'s own, or a security key with a PIN');
    default:
      return cancelled();
  }
}

function checkVerified(authenticatorData) {
  if (!(authenticatorData[32] & userVerified)) throw verificationMissing();
}

function cancelled() {
  return new Failure('gesture_cancelled', 'the passkey was not used: it was cancelled, took too long, or is not on this device; nothing was sent, try again');
}

function passkeyUnknown() {
  return new Failure('passkey_unknown', 'the passkey of this device is not here any more; use another device, or restore this one from its backup');
}

function prfMissing() {
  return new Failure('prf_missing', 'this passkey cannot take part in decryption (no PRF); use the phone\'s own passkeys on iOS 18.4, Android 14 with Chrome, or newer, or a security key with hmac-secret');
}

function verificationMissing() {
  return new Failure('user_verification_missing', 'the authenticator did not check that it is you; set up a fingerprint, face or PIN on it and try again');
}
