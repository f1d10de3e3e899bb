// What the broker keeps of a keyring, for whoever has the recovery key.

/**
 * Fetches the recovery kit. The broker sees a token that the recovery key gives,
 * and from which it cannot be found.
 * @param {import('./context.js').Context} context
 * @param {string} key the recovery key as it was typed
 * @returns {Promise<string>}
 */
export async function fetchKit(context, key) {
  const { token } = await context.desk.op('kitToken', {}, { recovery: new TextEncoder().encode(key) });
  const { kit } = await context.broker().post('device/kit', { token }, { signal: context.life.signal });
  return kit;
}
