// History, devices, and the recovery check-up.
import { fetchKit } from './kit.js';
import { doing } from './words.js';

const encoder = new TextEncoder();

/**
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 */
export function settings(context, screens) {
  const { env, model } = context;

  // What a screen shows is read when it is opened.
  const load = {
    history: async () => context.set({ history: await context.desk.op('history') }),
    settings: async () => context.set({ head: (await context.desk.op('head')).receipt }),
    devices: async () => context.set({ devices: await context.desk.op('devices') }),
  };
  load['sign-out'] = load.history;

  const tabs = ['requests', 'history', 'settings'];

  const show = async (screen, selected = null) => {
    if (tabs.includes(screen)) screens.tab(screen);
    else if (model.screen === 'add-device') screens.become(screen);
    else screens.go(screen, selected === null ? {} : { selected });
    if (model.stage !== 'ready' || !load[screen]) return;
    try {
      await load[screen]();
    } catch (error) {
      context.fail(error);
    }
  };

  /** Opens a request, or one that was refused. */
  const open = (id) => {
    if (model.refused.some(({ hash }) => hash === id)) screens.go('refused', { selected: id });
    else screens.go('request', { selected: id });
  };

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

  return { show, open, check, backup };
}
