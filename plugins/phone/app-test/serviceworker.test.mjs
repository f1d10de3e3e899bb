import test from 'node:test';
import assert from 'node:assert/strict';
import { patientReload } from '../app/serviceworker.js';

const model = (screen, rest = {}) => ({ screen, busy: null, signedOut: false, ...rest });

test('a reload waits until nothing would be lost by it', () => {
  const occupied = [
    ...['passkey', 'password', 'sheet', 'add-device', 'join-device', 'restore'].map((screen) => model(screen)),
    model('request', { busy: 'Waiting for your passkey…' }), model('sign-out', { signedOut: true }),
  ];
  for (const shown of occupied) {
    let reloads = 0;
    const r = patientReload(() => { reloads++; });
    r.shown(shown);
    r.due();
    r.shown(shown);
    assert.equal(reloads, 0, JSON.stringify(shown));
    r.shown(model('requests'));
    assert.equal(reloads, 1, JSON.stringify(shown));
    r.shown(model('requests'));
    assert.equal(reloads, 1);
  }
});

test('a reload that nothing stands against is at once, and none is by itself', () => {
  let reloads = 0;
  const r = patientReload(() => { reloads++; });
  r.shown(model('sheet'));
  r.shown(model('requests'));
  assert.equal(reloads, 0);
  r.due();
  assert.equal(reloads, 1);
});
