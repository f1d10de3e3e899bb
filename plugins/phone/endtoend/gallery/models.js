// Models of every screen, as the session would emit them. Nothing in them is
// real: digests and keys are sequences that count up.
import { cards } from './cards.js';
import { qr } from './qr.js';
import { reshares } from './reshares.js';

export const now = Date.parse('2026-11-21T21:34:00Z');
const at = (seconds) => new Date(now + seconds * 1000).toISOString();
const { plain, host, quorum, consent, consented, agreed, half, muted, broken, typed, hurried, hostile } = cards(at);
const anew = reshares(at);

const me = {
  name: 'alice', organisation: 'a1'.repeat(32), organisationWords: 'kuzob hitad lomuj babad dotif sanup ruvig mopas', device: '6f2d1c9e-0000-4000-8000-000000000001',
  deviceName: 'alice-phone', base: 'https://vault.example:8200/v1/stillvault', rpId: 'vault.example', factors: ['passkey', 'password'],
};

const link = {
  kind: 'ticket', name: 'alice', organisation: me.organisation, organisationWords: me.organisationWords, mount: '6f2d1c9e-0000-4000-8000-000000000009',
  expires: at(23 * 3600 + 40 * 60), base: me.base,
};

const base = {
  stage: 'ready', copy: 'mount', bundle: '3f9c1a7be4d20856', version: '0.3.0', support: [], online: true, reachable: true, elsewhere: false,
  alarm: null, busy: null, error: null, me, link: null, sheet: null, fingerprint: [], requests: [], refused: [], ended: [], outcome: null,
  history: [], mutes: [], reshares: [], resharing: null, alarms: [], devices: [], handover: null, passkey: null, unsent: 0, update: null, signedOut: false, selected: null, checked: null, now,
};

const on = (card, more = {}) => ({ ...base, screen: 'request', selected: card.hash, requests: [card], ...more });
const again = (one, state = null) => ({
  ...base, screen: 'reshare', selected: one.hash, reshares: [one],
  resharing: state && { hash: one.hash, policy: one.policy, pattern: one.pattern, total: one.total, refused: [], error: null, ...state },
});
const came = (how, more = {}) => ({
  ...base, screen: 'outcome',
  outcome: { how, path: plain.path, requester: plain.requester, consumer: 'vault', ...more },
});

const refused = [{
  hash: 'e1', id: '6f2d1c9e-0000-4000-8000-0000000000e1', path: 'prod/payments/signing-key', name: 'consumer_not_allowed',
  text: 'consumer_not_allowed: the policy does not name this consumer; ask the organisation’s signer to add it to the policy',
}];

const history = [
  { counter: 15, path: 'prod/*', requester: '', decision: 'reshare', reason: '', time: at(-60), lease: 0, id: '6f2d1c9e-0000-4000-8000-0000000000b1', receipt: '{"payload":{"counter":15},"signature":"…"}', state: 'dealt', secrets: 64 },
  { counter: 14, path: 'prod/db', requester: 'carol', decision: 'approve', time: at(-120), lease: 900, glass: true, id: plain.id, receipt: '{"payload":{"counter":14,"decision":"approve"},"signature":"…"}', state: 'unsent' },
  { counter: 13, path: 'prod/payments/signing-key', requester: 'deploy-bot', decision: 'deny', reason: 'I did not expect this', report: true, time: at(-7200), lease: 0, id: host.id, receipt: '{"payload":{"counter":13},"signature":"…"}', state: 'sent' },
  { counter: 12, path: 'prod/root-ca/intermediate', requester: 'bob', decision: 'consent', time: at(-90000), lease: 0, id: quorum.id, receipt: '{"payload":{"counter":12},"signature":"…"}', state: 'sent' },
];

const support = [
  ['secure context', true], ['WebAuthn', true], ['passkey PRF', false], ['WebAssembly', true], ['IndexedDB', true], ['service worker', false],
  ['Web Locks', true], ['DecompressionStream', true],
].map(([what, ok]) => ({ what, ok, text: '' }));

const words = ['kuzob', 'hitad', 'lomuj', 'babad', 'dotif', 'sanup', 'ruvig', 'mopas'];
const handover = {
  link: 'https://vault.example:8200/v1/stillvault/app/#svh1.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v', qr, device: 'alice-tablet',
  words: words.slice(0, 4), expires: at(540),
};

/** A model by the name of what it shows; each screen is there at least once. */
export const models = {
  loading: { ...base, screen: 'loading' },
  'loading-failed': { ...base, screen: 'loading', error: { name: 'storage_full', text: 'storage_full: this device has no room left; free some, and reload the page' } },
  'unsupported-insecure': { ...base, screen: 'unsupported', support: support.map((row) => (row.what === 'secure context' ? { ...row, ok: false } : row)) },
  unsupported: { ...base, screen: 'unsupported', support },
  elsewhere: { ...base, screen: 'elsewhere' },
  welcome: { ...base, screen: 'welcome', stage: 'empty', me: null },
  'welcome-error': { ...base, screen: 'welcome', stage: 'empty', me: null, error: { name: 'link_invalid', text: 'link_invalid: this is not a whole link; copy it again, from https to its end' } },
  invited: { ...base, screen: 'invited', stage: 'linked', link },
  passkey: { ...base, screen: 'passkey', stage: 'linked', link, copy: 'own' },
  'passkey-once': { ...base, screen: 'passkey', stage: 'linked', link, passkey: { made: true, evaluated: 1 }, busy: 'Waiting for the authenticator …' },
  'passkey-failed': { ...base, screen: 'passkey', stage: 'linked', link, error: { name: 'prf_output_changed', text: 'prf_output_changed: the passkey gave two different keys; use another browser or passkey manager' } },
  password: { ...base, screen: 'password', stage: 'made', link },
  sheet: {
    ...base, screen: 'sheet', stage: 'made', link, sheet: {
      recoveryKey: 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE', backup: '{"vault":{}}', backupName: 'stillvault-alice.json',
      sheet: { name: 'alice', organisation: me.organisation, organisationWords: me.organisationWords, approver: me.device, device: me.device, deviceName: 'alice-phone', created: at(0) },
    },
  },
  words: { ...base, screen: 'words', stage: 'waiting', fingerprint: words },
  'words-used': { ...base, screen: 'words', stage: 'waiting', fingerprint: words, closed: 'enrolment_answered', error: { name: 'enrolment_answered', text: 'enrolment_answered: this invitation has its answer; make a new ticket for another device' } },
  'words-replaced': { ...base, screen: 'words', stage: 'waiting', fingerprint: words, replaces: true },
  'words-none': { ...base, screen: 'words', stage: 'waiting', fingerprint: null },
  'invited-answered': { ...base, screen: 'invited', stage: 'linked', link, standing: { state: 'answered', error: null, far: false, own: 'https://vault.example:8200' } },
  'invited-unreached': { ...base, screen: 'invited', stage: 'linked', link, standing: { state: null, error: { name: 'broker_unreachable', text: 'Vault cannot be reached from here; check the connection' }, far: true, own: 'https://phone.example' } },
  'invited-restored': { ...base, screen: 'invited', stage: 'linked', link: { ...link, kind: 'restore', expires: undefined } },
  requests: { ...base, screen: 'requests', requests: [plain, host, hurried], refused, ended: [{ hash: 'd1', path: 'staging/api', how: 'approved', by: 'bob' }] },
  'requests-muted': {
    ...base, screen: 'requests', requests: [half, muted],
    mutes: [{ id: 'm1', what: 'requester', name: 'deploy-bot', until: at(3000) }, { id: 'm2', what: 'consumer', name: 'build-9', until: at(80000) }],
  },
  'requests-muted-all': { ...base, screen: 'requests', requests: [muted], mutes: [{ id: 'm1', what: 'requester', name: 'deploy-bot', until: at(3000) }] },
  'requests-none': { ...base, screen: 'requests' },
  'requests-offline': { ...base, screen: 'requests', online: false },
  'requests-unreachable': { ...base, screen: 'requests', reachable: false, requests: [plain] },
  request: on(plain),
  'request-host': on(host),
  'request-quorum': on(quorum),
  'request-half': on(half),
  'request-consent': on(consent),
  'request-muted': on(muted),
  'request-emergency': on(broken),
  'request-consented': on(consented),
  'request-agreed': on(agreed),
  'request-typed': on(typed),
  'request-hurry': on(hurried),
  'request-hostile': on(hostile),
  'request-busy': on(plain, { busy: 'Waiting for your passkey…' }),
  'request-cancelled': on(plain, { error: { name: 'gesture_cancelled', text: 'gesture_cancelled: nothing was confirmed; try again' } }),
  'request-sending': { ...on(plain), requests: [], answering: plain, busy: 'Sending …' },
  'request-error': on(plain, { error: { name: 'user_verification_missing', text: 'user_verification_missing: the passkey was used without fingerprint, face or PIN; try again and confirm' } }),
  'requests-emergency': { ...base, screen: 'requests', requests: [broken, plain], alarms: [anew.alarm] },
  'requests-alarm': { ...base, screen: 'requests', alarms: [anew.broken] },
  'requests-reshare': { ...base, screen: 'requests', requests: [plain], reshares: [anew.looked, { ...anew.one, hash: 'b2', pattern: 'staging/+/api', policy: 'staging', total: 12, done: 12 }] },
  'requests-resharing': { ...base, screen: 'requests', reshares: [anew.one], resharing: { hash: anew.one.hash, done: 384, total: 1000, state: 'running', refused: [] } },
  reshare: again(anew.looked),
  'reshare-looking': again(anew.one),
  'reshare-mixed': again(anew.mixed),
  'reshare-running': again(anew.mixed, { done: 384, dealt: 384, state: 'running' }),
  'reshare-stopped': again(anew.mixed, { done: 384, dealt: 384, state: 'stopped', error: { name: 'broker_unreachable', text: 'Vault cannot be reached from here; check the connection' } }),
  'reshare-more': again(anew.more, { done: 384, dealt: 384, state: 'stopped', error: { name: 'reshare_unshown', text: 'reshare_unshown: more is shown now than when you agreed; look again' } }),
  'reshare-more-later': again(anew.more),
  'reshare-refused': again({ ...anew.mixed, done: 512 }, { done: 512, dealt: 512, state: 'stopped', refused: anew.refused }),
  'reshare-done': again(anew.one, { done: 998, dealt: 998, state: 'done', refused: anew.refused }),
  'reshare-waits': again({ ...anew.looked, done: 64 }),
  'reshare-over': { ...base, screen: 'reshare', selected: 'gone' },
  refused: { ...base, screen: 'refused', selected: 'e1', refused },
  'outcome-approved': came('approved', { lease: 900, counter: 15, state: 'sent', took: 64 }),
  'outcome-unsent': came('approved', { lease: 900, counter: 15, state: 'unsent' }),
  'outcome-consented': came('consented', { counter: 15, state: 'sent' }),
  'outcome-denied': came('denied', { counter: 15, state: 'sent', reason: 'I did not expect this' }),
  'outcome-reported': came('denied', { counter: 15, state: 'sent', report: true, reason: 'Ask me in person first' }),
  'outcome-expired': came('expired'),
  'outcome-cancelled': came('cancelled'),
  'outcome-superseded': came('superseded'),
  'outcome-not-taken': came('approved', { counter: 15, state: 'refused', error: { name: 'request_expired', text: 'request_expired: the deadline has passed; ask again' } }),
  'outcome-by-other': came('denied', { by: 'bob', reason: 'not tonight' }),
  'outcome-gone': came('elsewhere'),
  'outcome-elsewhere': { ...came('elsewhere', { by: 'bob', decision: 'approved' }), requests: [host] },
  history: { ...base, screen: 'history', history },
  'entry-reshare': { ...base, screen: 'entry', selected: 15, history },
  'history-none': { ...base, screen: 'history' },
  entry: { ...base, screen: 'entry', selected: 13, history },
  settings: { ...base, screen: 'settings', head: `${me.device}:14:${'5c'.repeat(32)}` },
  'settings-new': { ...base, screen: 'settings' },
  devices: {
    ...base, screen: 'devices', devices: [
      { id: me.device, name: 'alice-phone', kind: 'passkey', admittedAt: at(-86400 * 30), here: true },
      { id: '6f2d1c9e-0000-4000-8000-000000000002', name: 'alice-laptop', kind: 'password', admittedAt: at(-86400 * 9), here: false },
      { id: '6f2d1c9e-0000-4000-8000-000000000003', name: 'alice-tablet', kind: 'passkey', admittedAt: at(-3600), here: false },
    ],
  },
  'requests-revoked': {
    ...base, screen: 'requests', revoked: 'device_revoked',
    error: { name: 'device_revoked', text: 'device_revoked: the organisation no longer admits this device; sign out here, and ask for a new link if that is wrong' },
  },
  'devices-revoked': { ...base, screen: 'devices', revoked: 'device_revoked', devices: [{ id: me.device, name: 'alice-phone', kind: 'passkey', admittedAt: at(-86400 * 30), here: true }] },
  'add-device': { ...base, screen: 'add-device', handover: { ...handover, step: 'link' } },
  'add-device-offered': { ...base, screen: 'add-device', handover: { ...handover, step: 'offered' } },
  'add-device-wrong': {
    ...base, screen: 'add-device', handover: { ...handover, step: 'offered' },
    error: { name: 'offer_words_wrong', text: 'these are not the words of the device that answered; type what the new device shows, and if that is what you typed, somebody else answered the link: begin anew on both devices' },
  },
  'add-device-given': { ...base, screen: 'add-device', handover: { ...handover, step: 'given' } },
  'join-device': { ...base, screen: 'join-device', stage: 'linked', link: { ...link, kind: 'handover', expires: at(540) }, handover: { step: 'name' } },
  'join-device-words': { ...base, screen: 'join-device', stage: 'linked', link: { ...link, kind: 'handover' }, handover: { ...handover, step: 'waiting' } },
  restore: { ...base, screen: 'restore', stage: 'empty', me: null },
  check: { ...base, screen: 'check' },
  'check-passed': { ...base, screen: 'check', checked: 'password' },
  'check-kit-missing': {
    ...base, screen: 'check',
    error: { name: 'kit_missing', text: 'Vault keeps no copy of this keyring, so that password and recovery key would not be enough on a new device; save the backup file below, and keep it with the printed page' },
  },
  'sign-out': { ...base, screen: 'sign-out', history },
  'signed-out': { ...base, screen: 'sign-out', signedOut: true, me: null },
  'requests-news': { ...base, screen: 'requests', unsent: 1, update: { version: '0.2.0', lower: false } },
  alarm: {
    ...base, screen: 'requests', alarm: {
      name: 'roster_rolled_back',
      text: 'roster_rolled_back: the organisation’s log is shorter than the one seen before; push the newer log to the broker with `stillvault org log push`',
    },
  },
};
