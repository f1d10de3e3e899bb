// Where the keys are: the Go core, compiled to WebAssembly, in a worker of its own,
// so that Argon2id does not freeze the page and the page's memory holds no keyring.
import './wasm_exec.js';

const started = start();
started.catch(() => {}); // told to whoever calls

async function start() {
  const response = await fetch(new URL('./core.wasm.gz', import.meta.url), { credentials: 'omit', referrerPolicy: 'no-referrer' });
  if (!response.ok) throw new Error(`core.wasm.gz: status ${response.status}`);
  // Shipped gzipped, since a static host cannot be relied on to compress.
  const unpacked = response.body.pipeThrough(new DecompressionStream('gzip'));
  const go = new globalThis.Go();
  const wasm = new Response(unpacked, { headers: { 'Content-Type': 'application/wasm' } });
  const { instance } = await WebAssembly.instantiateStreaming(wasm, go.importObject);
  // Runs until the program waits for calls; by then it has set stillvaultDesk.
  go.run(instance).then(() => close());
}

self.onmessage = async ({ data: { id, op, args, secrets } }) => {
  try {
    await started;
    const answer = globalThis.stillvaultDesk(op, JSON.stringify(args), secrets);
    reply(id, answer);
  } catch (error) {
    reply(id, { error: { name: 'core_failed', text: `the core does not run (${error.message}); reload the page` } });
  } finally {
    for (const secret of Object.values(secrets)) secret.fill(0);
  }
};

function reply(id, { ok, error }) {
  if (error) self.postMessage({ id, error: { name: error.name, text: error.text } });
  else self.postMessage({ id, ok: JSON.parse(ok) });
}
