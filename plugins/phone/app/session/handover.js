// A further device: this one hands its keyring over, or receives one. The one that
// receives shows words; the one that gives has them typed, and asks for a gesture.
import { Failure, isAlarm } from '../failure.js';
import { isPassing } from '../broker.js';
import { fetchKit } from './kit.js';
import { repeat } from './loop.js';
import { doing } from './words.js';

const pause = 1500; // ms between two looks into the mailbox
const encoder = new TextEncoder();

/**
 * The side that has the keyring.
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 */
export function giving(context, screens) {
  const { env, model } = context;
  const post = (call, signal) => context.broker().post('device/handover', { call }, { signal });

  const addDevice = () => context.deed(doing.handover, async () => {
    const { link, qr, expires } = await context.desk.op('handoverStart', { app: env.app });
    // Whoever sees the link may answer it at once: the mailbox has to be open by then.
    await post((await context.desk.op('handoverPoll')).call, context.life.signal);
    if (model.screen !== 'add-device') screens.go('add-device');
    context.set({ handover: { link, qr, expires, step: 'link', device: null } });
    context.loop('handover', (signal) => repeat(look, { page: env.page, clock: env.clock, signal, failed: failed(context) }));
  });

  const look = async (signal) => {
    const { call } = await context.desk.op('handoverPoll');
    const { state, offer } = await post(call, signal);
    if (state === 'given') {
      // If the answer to the giving was lost, what was said about that is over.
      context.set({ handover: { ...model.handover, step: 'given' }, error: null });
      return null;
    }
    if (state === 'offered' && model.handover?.step === 'link') {
      const { device } = await context.desk.op('handoverOffered', { offer });
      context.set({ handover: { ...model.handover, step: 'offered', device } });
    }
    return pause;
  };

  /**
   * Gives the keyring to the device that shows these words. If the answer gets
   * lost, the next look into the mailbox gives the same again.
   */
  const giveDevice = (words) => context.deed(doing.gesture, async () => {
    const gesture = await context.desk.op('gesture', { purpose: 'handover', typed: words });
    const { assertion, prf } = await env.passkey.use(gesture, { rpId: model.me.rpId, signal: context.life.signal });
    context.set({ busy: doing.handover });
    const { call } = await context.desk.op('handoverGive', { assertion }, { prf });
    await post(call, context.life.signal);
    context.stopLoop('handover');
    context.set({ handover: { ...model.handover, step: 'given' } });
  });

  return { addDevice, giveDevice };
}

/**
 * The side that gets it, from another device or from a backup.
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 * @param {{startPasskey: (deviceName: string) => void}} next
 */
export function receiving(context, screens, next) {
  const { env, model } = context;

  /** Offers this device's key to the first one, and waits for the keyring. */
  const offer = (deviceName) => context.deed(doing.handover, async () => {
    const made = await context.desk.op('offer', { device: deviceName });
    context.set({ handover: { step: 'waiting', words: made.words } });
    const look = async (signal) => {
      const { state, sealed } = await context.broker().post('device/handover/offer', { id: made.id, token: made.token, offer: made.offer }, { signal });
      if (state !== 'given') return pause;
      context.set({ handover: { ...model.handover, step: 'taken' } });
      await context.desk.op('take', { sealed });
      next.startPasskey(deviceName);
      return null;
    };
    context.loop('handover', (signal) => repeat(look, { page: env.page, clock: env.clock, signal, failed: failed(context) }));
  });

  /** Opens a keyring with password and recovery key: the broker's kit, or the file if there is one. */
  const restore = (file, password, key) => context.deed(doing.restore, async () => {
    const from = file ? { backup: await readBackup(file) } : { kit: await fetchKit(context, key) };
    const base = model.link?.base || env.base;
    const link = await context.desk.op('restore', { ...from, base }, { password: encoder.encode(password), recovery: encoder.encode(key) });
    // From here as with an invitation: the person sees for whom, and names the device.
    screens.reset({ link: { ...link, base: link.base || base } });
    screens.become('invited');
  });

  return { offer, restore };
}

function readBackup(file) {
  if (file.size > 1 << 20) throw new Failure('backup_invalid', 'this file is too large for a backup; choose the one that was saved when the keyring was made');
  return file.text();
}

// What does not pass by itself ends the wait, and is said.
function failed(context) {
  return (failure) => {
    if (isPassing(failure) && !isAlarm(failure)) {
      context.unreached(failure);
      return false;
    }
    context.fail(failure);
    return true;
  };
}
