import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { readTarget } from './request.ts';

const target = (resource: string) => readTarget('GET', `/api/v1/namespaces/a/${resource}/b`);
const linesOf = (text: string, name: string) => text.split('\n').filter((line) => line.startsWith(name));

test('durations are counted in every bucket that they fit into, codes one by one', () => {
  const metrics = createMetrics();
  for (const [code, seconds] of [
    [200, 0.001],
    [200, 0.3],
    [404, 100],
  ] as const)
    metrics.observe(target('pods'), code, seconds);
  const text = metrics.render([]);
  const durations = linesOf(text, 'apiserver_request_duration_seconds_bucket').map((line) => {
    const [, bound, count] = /le="(.*)"\} (\d+)$/.exec(line)!;
    return [bound, Number(count)] as const;
  });
  const [first, last] = [durations[0], durations.at(-1)];
  assert.deepEqual(
    [first, last],
    [
      ['0.001', 1],
      ['+Inf', 3],
    ],
  );
  assert.equal(new Map(durations).get('0.25'), 1);
  assert.equal(new Map(durations).get('0.5'), 2);
  const totals = linesOf(text, 'apiserver_request_total').map((line) => /code="(\d+)"\} (\d+)$/.exec(line)!.slice(1));
  assert.deepEqual(totals, [
    ['200', '2'],
    ['404', '1'],
  ]);
});

test('a client that makes up resources makes no more series than there may be', () => {
  const metrics = createMetrics();
  for (let number = 0; number < 5010; number++) metrics.observe(target(`r${number}`), 404, 0.001);
  metrics.observe(target('r1'), 404, 0.001);
  const totals = linesOf(metrics.render([]), 'apiserver_request_total');
  assert.equal(totals.length, 5000);
  assert.match(totals[1]!, /resource="r1".* 2$/);
});

test('what only grows is a counter, what else can be read off is a gauge', () => {
  const text = createMetrics().render([{ name: 'size', help: 'A size.', values: [['', 7]] }]);
  for (const line of ['# TYPE size gauge', '# TYPE process_cpu_seconds_total counter'])
    assert.ok(text.split('\n').includes(line), line);
});
