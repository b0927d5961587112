import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taint } from '../api/schema/types.d.ts';
import { manualClock } from '../foundation/clock.ts';
import { evictionMs, taintEvictionController } from './taint-eviction.ts';

const noExecute = (key: string, timeAdded?: string): Taint => ({ key, effect: 'NoExecute', timeAdded });

test('a pod goes when the shortest of its tolerations ends', () => {
  const taints = [noExecute('a', '1970-01-01T00:00:10Z')];
  const at = (...tolerations: object[]) => evictionMs(taints, tolerations, 99_000);
  assert.equal(at(), 99_000);
  assert.equal(at({ key: 'a', operator: 'Exists' }), undefined);
  assert.equal(at({ key: 'a', operator: 'Exists', tolerationSeconds: 300 }), 310_000);
  assert.equal(
    at({ key: 'a', operator: 'Exists', tolerationSeconds: 300 }, { operator: 'Exists', tolerationSeconds: 5 }),
    15_000,
  );
});

test('a taint of a clock that was ahead is waited for no longer than the toleration says', () => {
  const taints = [noExecute('a', '1970-01-01T02:00:00Z')];
  const tolerations = [{ key: 'a', operator: 'Exists', tolerationSeconds: 300 }];
  assert.equal(evictionMs(taints, tolerations, 1000), 301_000);
});

test('patience is measured by the steady clock: it neither ends nor starts again when the wall clock jumps', async (t) => {
  const time = manualClock(Date.UTC(2026, 0, 1));
  let offsetMs = 0;
  const clock = { ...time, now: () => time.now() + offsetMs };
  const deleted: string[] = [];
  const pod = {
    metadata: { namespace: 'default', name: 'p', uid: 'u' },
    spec: { nodeName: 'n', containers: [], tolerations: [{ operator: 'Exists', tolerationSeconds: 300 }] },
    status: { phase: 'Running' },
  };
  const node = { metadata: { name: 'n' }, spec: { taints: [noExecute('a', '2026-01-01T00:00:00Z')] } };
  const controller = taintEvictionController();
  const objects: Record<string, unknown> = { pods: pod, nodes: node };
  const client = {
    update: async (_resource: string, object: unknown) => object,
    patch: async () => pod,
    delete: async (_resource: string, { name }: { name: string }) => void deleted.push(name),
  };
  const context = { clock, client, cache: (resource: string) => ({ get: () => objects[resource] }), event() {} } as any;
  const look = () => controller.reconcile({ namespace: 'default', name: 'p' }, context);
  t.assert.deepEqual(await look(), { requeueAfterMs: 300_000 });
  offsetMs = 3600_000;
  time.advance(100_000);
  t.assert.deepEqual(await look(), { requeueAfterMs: 200_000 });
  offsetMs = -3600_000;
  time.advance(200_000);
  await look();
  t.assert.deepEqual(deleted, ['p']);
});
