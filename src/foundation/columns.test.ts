import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columns } from './columns.ts';

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  assert.deepEqual(
    columns([
      ['NAME', 'MODE'],
      ['a', 'enforce'],
      ['longer', ''],
    ]),
    ['NAME    MODE', 'a       enforce', 'longer'],
  );
  assert.deepEqual(columns([]), []);
});
