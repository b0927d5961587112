import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asYaml } from './lines.ts';

test('texts that kubectl would take for something else are written in quotes', () => {
  assert.equal(
    asYaml([{ a: 'y', b: '0b11', c: '1_000', d: 'api', e: 1 }]),
    'a: "y"\nb: "0b11"\nc: "1_000"\nd: api\ne: 1\n',
  );
});
