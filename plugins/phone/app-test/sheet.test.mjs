import test from 'node:test';
import assert from 'node:assert/strict';
import { Failure, shown } from '../app/failure.js';
import { endsSo } from '../app/view/sheet.js';

test('the end of the recovery key is typed as its last group is printed', () => {
  const key = `${'Ab1-'.repeat(10)}x_Z`; // 43 characters: the last group has three
  for (const typed of ['x_Z', ' x_Z ', '-x_Z', '- x_Z']) assert.ok(endsSo(key, typed), typed);
  for (const typed of ['', ' ', 'X_Z', '_Z', 'x-Z', 'Ab1-']) assert.ok(!endsSo(key, typed), typed);
});

test('a recovery key that finds no kit is to be compared first', () => {
  const { text } = shown(new Failure('kit_missing', 'there is none', 404));
  assert.match(text, /^no keyring that Vault keeps fits this recovery key: compare every character/);
  assert.equal(shown(new Failure('kit_missing', 'Vault keeps no copy')).text, 'Vault keeps no copy', 'of a key that opened the keyring here');
});
