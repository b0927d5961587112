import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, YAMLException } from 'js-yaml';
import { parse, stringify } from 'yaml';
import { meaningOf } from './plain-words.ts';
import { plainWords } from './testing/plain-words.ts';
import { yamlOptions } from './yaml.ts';
import { kubectlSchema } from './yaml-schema.ts';

test('words without quotes mean what kubectl takes them for, whichever library reads them', () => {
  for (const [word, meaning] of plainWords) {
    assert.deepEqual(meaningOf(word), meaning, word);
    assert.deepEqual(parse(`v: ${word}`, yamlOptions), { v: meaning }, word);
    assert.deepEqual(load(`v: ${word}`, { schema: kubectlSchema }), { v: meaning }, word);
  }
});

test('a text that would be taken for something else is written in quotes', () => {
  for (const [word] of plainWords)
    assert.deepEqual(parse(stringify({ v: word }, yamlOptions), yamlOptions), { v: word });
  assert.equal(stringify({ a: 'y', b: '10.0.0.0/16', c: '1.2.3' }, yamlOptions), 'a: "y"\nb: 10.0.0.0/16\nc: 1.2.3\n');
});

test('numbers that JSON does not have are refused', () => {
  for (const word of ['.inf', '+.Inf', '-.INF', '.nan', '.NaN'])
    assert.throws(() => load(`v: ${word}`, { schema: kubectlSchema }), YAMLException, word);
});
