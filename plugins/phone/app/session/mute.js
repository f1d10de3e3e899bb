// What is shown on this device alone: whose requests are quiet, and which alarms the
// person has seen.

/**
 * @param {import('./context.js').Context} context
 * @param {import('./screens.js').Screens} screens
 */
export function muting(context, screens) {
  const { env, model } = context;

  const show = ({ mutes, requests }) => {
    const open = new Set(model.requests.map(({ hash }) => hash));
    const now = env.clock.now();
    context.set({ mutes, requests: requests.filter(({ hash, deadline }) => open.has(hash) && Date.parse(deadline) > now) });
  };

  /**
   * Keeps the requests of a request's requester, or of its consumer, quiet.
   * @param {string} hash of the request
   * @param {'requester'|'consumer'} what
   * @param {'hour'|'day'} span
   */
  const mute = async (hash, what, span) => {
    try {
      show(await context.desk.op('mute', { hash, what, for: span }));
      screens.back();
    } catch (error) {
      context.fail(error);
    }
  };

  /** Lets them call again. */
  const unmute = async (id) => {
    try {
      show(await context.desk.op('unmute', { id }));
    } catch (error) {
      context.fail(error);
    }
  };

  /** Takes an alarm off this device. */
  const dismissAlarm = async (hash) => {
    try {
      context.set(await context.desk.op('dismiss', { hash }));
    } catch (error) {
      context.fail(error);
    }
  };

  return { mute, unmute, dismissAlarm };
}
