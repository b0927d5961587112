import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsText } from './text.ts';

test('a metric is written with its help, its type, its labels and its time; one without values not at all', () => {
  const text = metricsText([
    { name: 'one_total', type: 'counter', help: 'Ones', samples: [{ value: 1.5 }, { value: 2, atMs: 7 }] },
    { name: 'none', type: 'gauge', help: 'None', samples: [] },
    { name: 'two', type: 'gauge', help: 'Two', samples: [{ labels: { a: 'x"y\\z\n', b: '' }, value: 0 }] },
  ]);
  assert.equal(
    text,
    '# HELP one_total Ones\n# TYPE one_total counter\none_total 1.5\none_total 2 7\n' +
      '# HELP two Two\n# TYPE two gauge\ntwo{a="x\\"y\\\\z\\n",b=""} 0\n',
  );
});
