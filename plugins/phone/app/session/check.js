// The recovery check-up, and the backup file.
import { fetchKit } from './kit.js';
import { doing } from './words.js';

const encoder = new TextEncoder();

/** @param {import('./context.js').Context} context */
export function checkups(context) {
  const { env, model } = context;

  // That Vault keeps none is the core's to say: a wrong key finds none either.
  const kitOrNone = (key) => fetchKit(context, key).catch((error) => {
    if (error.name !== 'kit_missing') throw error;
    return '';
  });

  /** Tries a way into the keyring: the passkey, or password and recovery key. */
  const check = (password, key) => context.deed(doing.check, async () => {
    context.set({ checked: null });
    const checked = password === undefined ? 'passkey' : 'password';
    if (checked === 'passkey') {
      const gesture = await context.desk.op('gesture', { purpose: 'check' });
      const { assertion, prf } = await env.passkey.use(gesture, { rpId: model.me.rpId, signal: context.life.signal });
      await context.desk.op('check', { assertion }, { prf });
    } else {
      const kit = await kitOrNone(key);
      await context.desk.op('check', { kit }, { password: encoder.encode(password), recovery: encoder.encode(key) });
    }
    context.set({ checked });
  });

  /**
   * Makes the backup file again.
   * @returns {Promise<?{backup: string, backupName: string}>} null where that failed, which is shown
   */
  const backup = () => context.desk.op('backup').catch((error) => {
    context.fail(error);
    return null;
  });

  return { check, backup };
}
