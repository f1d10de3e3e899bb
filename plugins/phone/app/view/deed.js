// What a screen does on this device alone, and the session need not know.

const patience = 60_000; // ms

/**
 * Saves a text as a file.
 * @param {string} name
 * @param {string} text
 * @param {string=} type
 */
export function save(name, text, type = 'application/json') {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // Some browsers begin to read it only once the person has said where it goes.
  setTimeout(() => URL.revokeObjectURL(url), patience);
}

/**
 * Copies a text to the clipboard.
 * @param {string} text
 * @returns {Promise<boolean>} whether the browser let it
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Opens the browser's dialog for printing this page. */
export function print() {
  globalThis.print();
}
