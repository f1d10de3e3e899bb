// The places of an enrolled device, and what they show.

/**
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 */
export function settings(context, screens) {
  const { model } = context;

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

  return { show, open };
}
