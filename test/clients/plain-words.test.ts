import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { plainWords } from '../../src/api/testing/plain-words.ts';
import { noKubectl as skip } from './development.ts';

test('words without quotes mean to the machine’s kubectl what they mean to us', { skip }, () => {
  const items = plainWords.map(([words]) => `  - ${words}\n`).join('');
  const input = `apiVersion: example.com/v1\nkind: Words\nmetadata: {name: words}\nwords:\n${items}`;
  // Local: no server is asked.
  const text = execFileSync('kubectl', ['annotate', '--local', '-o', 'json', '-f', '-', 'a=b'], {
    input,
    encoding: 'utf8',
  });
  const read: unknown[] = JSON.parse(text).words;
  assert.deepEqual(
    plainWords.map(([words], index) => [words, read[index]]),
    plainWords,
  );
});
