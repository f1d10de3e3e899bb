import test from 'node:test';
import assert from 'node:assert/strict';
import { look, suffices } from '../app/support.js';

globalThis.navigator ??= {}; // which Node has from version 21 on

test('inside of another page the app does not start', async () => {
  const self = {};
  for (const [top, ok] of [[self, true], [{}, false]]) {
    Object.assign(globalThis, { self, top });
    const row = (await look()).find(({ what }) => what === 'own window');
    assert.equal(row.ok, ok);
    assert.equal(suffices([row]), ok);
  }
});

test('what to do names no version: that is for the one table of what works', async () => {
  for (const { what, text } of await look()) {
    assert.doesNotMatch(text, /[0-9]/, what);
    assert.match(text, /[.]$/, what);
  }
});
