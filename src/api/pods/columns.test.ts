import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '../schema/types.d.ts';
import { podColumns } from './columns.ts';

const nowMs = Date.parse('2026-01-01T01:00:00Z');
const show = (pod: unknown, name: string) =>
  podColumns.find((column) => column.name === name)!.value(pod as Pod, nowMs);

const running = { state: { running: {} }, ready: true, started: true, restartCount: 0 };
const terminated = (exitCode: number, reason?: string) => ({
  state: { terminated: { exitCode, reason } },
  ready: false,
  restartCount: 0,
});
const waiting = (reason: string) => ({ state: { waiting: { reason } }, ready: false, restartCount: 0 });
const podOf = (status: object, spec: object = {}, metadata: object = {}) => ({
  metadata: { name: 'web', ...metadata },
  spec: { containers: [{ name: 'a' }], ...spec },
  status: { phase: 'Running', ...status },
});
const named = (name: string, status: object) => ({ name, ...status });
const ready = [{ type: 'Ready', status: 'True' }];
const init = (count: number) => ({ initContainers: Array.from({ length: count }, (_, i) => ({ name: `i${i}` })) });
const sidecar = { initContainers: [{ name: 's', restartPolicy: 'Always' }] };

const shown: [string, object, string, string][] = [
  ['nothing reported yet', podOf({ phase: 'Pending' }), '0/1', 'Pending'],
  ['running', podOf({ containerStatuses: [named('a', running)], conditions: ready }), '1/1', 'Running'],
  [
    'a container that fails again and again',
    podOf({ containerStatuses: [named('a', waiting('CrashLoopBackOff'))] }),
    '0/1',
    'CrashLoopBackOff',
  ],
  [
    'an image that cannot be pulled',
    podOf({ phase: 'Pending', containerStatuses: [named('a', waiting('ErrImagePull'))] }),
    '0/1',
    'ErrImagePull',
  ],
  [
    'done',
    podOf({ phase: 'Succeeded', containerStatuses: [named('a', terminated(0, 'Completed'))] }),
    '0/1',
    'Completed',
  ],
  ['an exit code without a reason', podOf({ containerStatuses: [named('a', terminated(3))] }), '0/1', 'ExitCode:3'],
  [
    'the second of two init containers',
    podOf({ phase: 'Pending', initContainerStatuses: [named('i0', terminated(0)), named('i1', running)] }, init(2)),
    '0/1',
    'Init:1/2',
  ],
  [
    'a failing init container',
    podOf({ phase: 'Pending', initContainerStatuses: [named('i0', waiting('CrashLoopBackOff'))] }, init(1)),
    '0/1',
    'Init:CrashLoopBackOff',
  ],
  [
    'an init container that ended badly',
    podOf({ initContainerStatuses: [named('i0', terminated(2, 'Error'))] }, init(1)),
    '0/1',
    'Init:Error',
  ],
  [
    'a sidecar counts',
    podOf(
      { initContainerStatuses: [named('s', running)], containerStatuses: [named('a', running)], conditions: ready },
      sidecar,
    ),
    '2/2',
    'Running',
  ],
  [
    'one of two is done',
    podOf(
      { containerStatuses: [named('a', terminated(0, 'Completed')), named('b', running)] },
      { containers: [{}, {}] },
    ),
    '1/2',
    'NotReady',
  ],
  [
    'being deleted',
    podOf({ containerStatuses: [named('a', running)] }, {}, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    '1/1',
    'Terminating',
  ],
  [
    'held back by a gate',
    podOf({ phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] }),
    '0/1',
    'SchedulingGated',
  ],
  ['evicted', podOf({ phase: 'Failed', reason: 'Evicted' }), '0/1', 'Evicted'],
];

for (const [what, pod, readiness, status] of shown)
  test(`a pod is shown as kubectl shows it: ${what}`, () => {
    assert.deepEqual([show(pod, 'Ready'), show(pod, 'Status')], [readiness, status]);
  });

test('restarts tell when the last one was', () => {
  const restarted = { ...running, restartCount: 3, lastState: { terminated: { finishedAt: '2026-01-01T00:55:00Z' } } };
  assert.equal(show(podOf({ containerStatuses: [named('a', restarted)] }), 'Restarts'), '3 (5m ago)');
  assert.equal(show(podOf({}), 'Restarts'), '0');
});

test('wide columns say none rather than nothing', () => {
  for (const name of ['IP', 'Node', 'Nominated Node', 'Readiness Gates']) assert.equal(show(podOf({}), name), '<none>');
  const gated = podOf(
    { conditions: [{ type: 'a', status: 'True' }] },
    { readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] },
  );
  assert.equal(show(gated, 'Readiness Gates'), '1/2');
});
