// Becoming a device: the link, the passkey and its two evaluations, the second
// factor, the sheet. Only the link and which passkey was made are kept before the
// sheet was confirmed: whoever reloads earlier evaluates the passkey again and gets
// another recovery key.
import { wipe } from '../bytes.js';
import { Failure } from '../failure.js';
import { require } from './context.js';
import { doing } from './words.js';

// After these the passkey itself, or what it gave, is of no use: begin with another.
const useless = ['prf_missing', 'user_verification_missing', 'prf_output_changed', 'passkey_unknown'];

/**
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 * @param {{admission: () => void, admitted: () => void}} next
 */
export function enrolment(context, screens, next) {
  const { env } = context;
  let draft = null; // {device, made, evaluations: [{assertion, prf}]}, until wrapped

  const forget = () => {
    for (const { prf } of draft?.evaluations ?? []) wipe(prf);
    draft = null;
    context.set({ passkey: null });
  };

  const progress = () => context.set({ passkey: { made: draft.made, evaluated: draft.evaluations.length } });

  const startPasskey = (device, made = false) => {
    forget();
    draft = { device, made, evaluations: [] };
    progress();
    screens.become('passkey');
  };

  /** Takes a link, or the part behind its #. */
  const paste = (text) => context.deed(doing.link, async () => {
    const fragment = text.trim().replace(/^[^#]*#/, '');
    try {
      await context.desk.op('readLink', { fragment });
    } finally {
      // The core has it, or it is of no use.
      env.link.forget();
    }
    // The same link again may find a passkey that was made for it already.
    resume(await context.desk.open());
  });

  /** Goes on where the stored state says that this device is. */
  const resume = (state) => {
    const based = (x) => x && { ...x, base: x.base || env.base };
    context.set({ stage: state.stage, me: based(state), link: based(state.link), fingerprint: state.fingerprint, unsent: state.unsent });
    screens.reset();
    if (state.stage === 'made' && state.link.kind === 'ticket') startPasskey(state.deviceName, true);
    if (state.stage === 'waiting') next.admission();
    if (state.stage === 'ready') next.admitted();
  };

  /** Begins with a device name. */
  const start = (deviceName) => context.deed(doing.confirm, async () => {
    require(context.model.link !== null, 'open the link of your invitation first');
    startPasskey(deviceName);
  });

  const create = async () => {
    const { create: options } = await context.desk.op('begin', { device: draft.device, rpId: env.rpId, origin: env.origin });
    await context.desk.op('made', await env.passkey.make(options, { signal: context.life.signal }));
    draft.made = true;
    progress();
  };

  const evaluate = async () => {
    const gesture = await context.desk.op('gesture', { purpose: 'enrol' });
    draft.evaluations.push(await env.passkey.use(gesture, { rpId: env.rpId, signal: context.life.signal }));
    progress();
  };

  /** Makes the passkey and evaluates it twice, or goes on where that stopped. */
  const makePasskey = () => context.deed(doing.passkey, async () => {
    require(draft !== null, 'begin with the name of this device');
    try {
      if (!draft.made) await create();
      while (draft.evaluations.length < 2) await evaluate();
      same(draft.evaluations);
    } catch (error) {
      if (useless.includes(error.name)) startPasskey(draft.device);
      throw error;
    }
    screens.become('password');
  });

  /** Wraps the keyring by the passkey and by the password with a new recovery key. */
  const setPassword = (password) => context.deed(doing.wrap, async () => {
    require(draft?.evaluations.length === 2, 'make the passkey first');
    const [one, two] = draft.evaluations;
    const secrets = { prf1: one.prf.slice(), prf2: two.prf.slice(), password: new TextEncoder().encode(password) };
    let sheet;
    try {
      sheet = await context.desk.op('wrap', { assertions: [one.assertion, two.assertion] }, secrets);
    } catch (error) {
      // A password can be changed and tried again; anything else needs new gestures.
      if (error.name !== 'password_unusable') startPasskey(draft.device, !useless.includes(error.name));
      throw error;
    }
    forget();
    screens.become('sheet', { sheet });
  });

  /** The person has the sheet: from here on everything is kept. */
  const confirmSheet = () => context.deed(doing.confirm, async () => {
    await env.persist();
    await context.desk.op('confirm');
    // What is posted and shown from here on is what a reload would find.
    resume(await context.desk.open());
  });

  return { paste, start, startPasskey, makePasskey, setPassword, confirmSheet, resume, forget };
}

// The core compares them again; here it is early enough to say so before anybody
// thinks of a password.
function same([{ prf: one }, { prf: two }]) {
  let difference = 0;
  one.forEach((b, i) => { difference |= b ^ two[i]; });
  if (difference !== 0) {
    throw new Failure('prf_output_changed', 'the authenticator gave two different answers to the same question, so what it locks might never open again; use another authenticator');
  }
}
