import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { validateRestarts } from './restart-rules.ts';

const rule = (operator: string, values: number[]) => ({ action: 'Restart', exitCodes: { operator, values } });
const codes = (count: number) => Array.from({ length: count }, (_, index) => index);
const rules = (count: number) => Array(count).fill(rule('In', [1]));

const table: [string, restartPolicyRules: object[], restartPolicy: string | undefined, ...refused: string[]][] = [
  ['a rule of each operator', [rule('In', [1]), rule('NotIn', [0])], 'Never'],
  ['no policy beside them', [rule('In', [1])], undefined, 'a.restartPolicy'],
  ['no exit codes', [{ action: 'Restart' }], 'Never', 'a.restartPolicyRules[0].exitCodes'],
  ['another operator', [rule('Equals', [1])], 'Never', 'a.restartPolicyRules[0].exitCodes.operator'],
  ['no action', [{ ...rule('In', [1]), action: undefined }], 'Never', 'a.restartPolicyRules[0].action'],
  [
    'an action that no node does',
    [{ ...rule('In', [1]), action: 'RestartAllContainers' }],
    'Never',
    'a.restartPolicyRules[0].action',
  ],
  ['as many rules as may be', rules(20), 'Never'],
  ['one rule more', rules(21), 'Never', 'a.restartPolicyRules'],
  ['as many exit codes as may be', [rule('In', codes(255))], 'Never'],
  ['one exit code more', [rule('In', codes(256))], 'Never', 'a.restartPolicyRules[0].exitCodes.values'],
];
for (const [name, restartPolicyRules, restartPolicy, ...refused] of table)
  test(`restart rules: ${name}`, () => {
    const errors: FieldError[] = [];
    validateRestarts({ name: 'a', restartPolicy, restartPolicyRules } as Container, 'a', errors);
    assert.deepEqual(
      errors.map(({ field }) => field),
      refused,
    );
  });
