import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCollection, keyOf } from './collection.ts';
import { decodeLine, type Line, observationLines, observationsFormat } from './lines.ts';
import { type Call, type Flow, noObservations, type Observations, type Window } from './observation.ts';
import { windowsMax, withWindow } from './windows.ts';

const nowMs = Date.UTC(2026, 0, 2);
const at = (minute: number) => ({ firstMs: nowMs - 60_000 * minute, lastMs: nowMs - 60_000 * minute, count: 1 });
const pod = (name: string, workload?: string) =>
  ({ type: 'pod', namespace: 'shop', name, ...(workload ? { workload } : {}), labels: { app: 'web' } }) as const;
const flow = (more: Partial<Flow> = {}): Flow => ({
  ...{ from: pod('web-1', 'Deployment/web'), to: pod('db-0', 'StatefulSet/db'), protocol: 'TCP', port: 5432 },
  ...{ allowed: true, ...at(10) },
  ...more,
});
const call = (user: string, name: string): Call => ({
  ...{ user, groups: [], verb: 'get', resource: 'pods', group: '', subresource: '', namespace: 'shop', name, path: '' },
  ...{ allowed: true, ...at(1) },
});

test('flows of the pods of one workload are one: times and counts of all, facts of the latest', () => {
  const kept = createCollection();
  kept.add('flows', flow({ from: pod('web-2', 'Deployment/web'), ...at(5), count: 3 }));
  kept.add('flows', flow());
  kept.add('flows', flow({ port: 5433 }));
  const [one, ...others] = kept.list('flows').filter(({ port }) => port === 5432);
  assert.equal(others.length, 0);
  assert.deepEqual([one!.firstMs, one!.lastMs, one!.count], [at(10).firstMs, at(5).lastMs, 4]);
  assert.equal(one!.from.type === 'pod' && one!.from.name, 'web-2');
});

test('what was let through and what was dropped are told apart', () => {
  const kept = createCollection();
  kept.add('flows', flow());
  kept.add('flows', flow({ allowed: false, drop: { side: 'egress', why: 'island', by: [] } }));
  kept.add('flows', flow({ allowed: false, drop: { side: 'ingress', why: 'policy', by: ['shop/db'] } }));
  assert.equal(kept.list('flows').length, 3);
});

test('N are kept; the next pushes out the oldest of whoever has most, and says so', () => {
  const kept = createCollection({ flows: 1, calls: 4, addresses: 1, images: 1 });
  const added = [call('anna', 'a'), call('bob', '1'), call('bob', '2'), call('bob', '3')];
  assert.deepEqual(
    added.map((each) => kept.add('calls', each)),
    [0, 0, 0, 0],
  );
  assert.equal(kept.add('calls', call('bob', '1')), 0, 'known, and seen last now');
  assert.equal(kept.add('calls', call('bob', '4')), 1);
  const names = kept.list('calls').map(({ user, name }) => `${user} ${name}`);
  assert.deepEqual(names, ['anna a', 'bob 3', 'bob 1', 'bob 4']);
});

test('what was last seen long ago is forgotten', () => {
  const kept = createCollection();
  kept.add('flows', flow(at(60)));
  kept.add('flows', flow({ ...at(5), port: 80 }));
  kept.forget(nowMs - 30 * 60_000);
  assert.deepEqual(
    kept.list('flows').map(({ port }) => port),
    [80],
  );
  assert.equal(kept.get('flows', keyOf('flows', flow())), undefined);
});

test('windows of one source grow together unless a gap lies between them', () => {
  const window = (source: string, from: number, to: number, lost = 0): Window => ({
    ...{ source, fromMs: from, toMs: to, lost },
  });
  let windows = withWindow([], window('node/a', 0, 10), 5);
  windows = withWindow(windows, window('node/a', 15, 20, 2), 5);
  assert.deepEqual(windows, [window('node/a', 0, 20, 2)]);
  windows = withWindow(windows, window('node/b', 21, 25), 5);
  windows = withWindow(windows, window('node/a', 26, 30), 5);
  assert.equal(windows.length, 3);
  assert.deepEqual(withWindow(windows, window('node/a', 18, 27), 0).at(-1), window('node/a', 0, 30, 2));
  for (let index = 0; index < windowsMax; index++)
    windows = withWindow(windows, window('x', 1000 + index * 100, 1010 + index * 100), 5);
  assert.equal(windows.length, windowsMax);
  const of = (source: string) => windows.filter((each) => each.source === source);
  assert.deepEqual([of('node/a').length, of('node/b').length], [2, 1], 'what others watched stays known');
  assert.equal(of('x')[0]!.fromMs, 1300, 'the oldest are forgotten');
});

const decodeAll = (lines: string[]) => lines.map((line) => decodeLine(JSON.parse(line), nowMs));

test('lines give back what was written', () => {
  const all: Observations = {
    flows: [flow(), flow({ from: { type: 'address', address: '203.0.113.7' }, to: pod('solo') })],
    calls: [call('anna', '*')],
    addresses: [{ address: '192.0.2.1', user: 'anna', ...at(1) }],
    images: [{ image: 'web:1', digest: 'sha256:0', namespace: 'shop', workload: 'Deployment/web', ...at(1) }],
    windows: { ...noObservations().windows, flows: [{ source: 'node/a', fromMs: nowMs - 1, toMs: nowMs, lost: 0 }] },
  };
  const [head, ...lines] = [...observationLines(all)];
  assert.equal(JSON.parse(head!).format, observationsFormat);
  const decoded = decodeAll(lines) as Line[];
  assert.deepEqual(
    decoded.flatMap((line) => (line.type === 'flows' ? [line.observed] : [])),
    all.flows,
  );
  assert.deepEqual(
    decoded.map(({ type }) => type),
    ['window', 'flows', 'flows', 'calls', 'addresses', 'images'],
  );
});

/** Each 400 characters long. */
const longLabels = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}`.padEnd(300, 'k'), 'v'.repeat(100)]));

test('what cannot have been seen is refused', () => {
  const fitting = { ...flow(), from: { ...pod('x'), labels: longLabels(10) } };
  assert.notEqual(decodeLine({ type: 'flows', observed: fitting }, nowMs), undefined);
  const hostile: [string, object][] = [
    ['a time in the future', flow({ lastMs: nowMs + 3_600_000 })],
    ['a time before there was anything', flow({ firstMs: 0 })],
    ['no time', { ...flow(), lastMs: Number.NaN }],
    ['no count', flow({ count: 0 })],
    ['a count of nothing', { ...flow(), count: '7' }],
    ['an address that is none', flow({ from: { type: 'address', address: '10.0.0.1; rm' } })],
    ['a long name', flow({ from: pod('x'.repeat(600)) })],
    ['a port beyond', flow({ port: 70_000 })],
    [
      'many labels',
      {
        ...flow(),
        from: { ...pod('x'), labels: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`l${n}`, 'x'])) },
      },
    ],
    ['long labels', { ...flow(), from: { ...pod('x'), labels: longLabels(11) } }],
    ['another type', { ...flow(), from: { type: 'planet' } }],
    ['dropped by nothing', flow({ allowed: false })],
  ];
  for (const [what, observed] of hostile) assert.equal(decodeLine({ type: 'flows', observed }, nowMs), undefined, what);
  assert.equal(decodeLine({ type: '__proto__', observed: flow() }, nowMs), undefined);
  assert.equal(decodeLine({ type: 'window', of: 'toString', window: {} }, nowMs), undefined);
  assert.notEqual(decodeLine({ type: 'flows', observed: flow() }, nowMs), undefined);
});
