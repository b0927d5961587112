import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deployment, HorizontalPodAutoscaler } from '../api/schema/types.d.ts';
import { horizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts';
import { startCluster } from './testing/cluster.ts';

const place = { namespace: 'default', name: 'web' };
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '100m' } } }] },
};

test('a workload grows with the use of its pods; without measurements it says so and stays', async (t) => {
  const { client, caches, eventually, playNode, setUsage } = await startCluster(t, [horizontalPodAutoscaler()]);
  playNode('n1');
  const selector = { matchLabels: { app: 'web' } };
  await client.create('deployments.apps', {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: place, spec: { replicas: 1, selector, template } },
  });
  const metadata = { ...place, labels: { app: 'web' } };
  await client.create('pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec });
  await eventually('pods', () => caches('pods').list()[0]?.['status']?.phase === 'Running');
  const autoscaler = (name: string, metrics: object[]) =>
    client.create('horizontalpodautoscalers.autoscaling', {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { ...place, name } },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 10, metrics },
    });
  const now = (name: string) =>
    caches('horizontalpodautoscalers.autoscaling').get('default', name) as HorizontalPodAutoscaler | undefined;
  const says = (name: string, reason: string) => now(name)?.status?.conditions?.some((one) => one.reason === reason);

  const target = { type: 'Utilization', averageUtilization: 50 };
  await autoscaler('blind', [
    { type: 'Pods', pods: { metric: { name: 'x' }, target: { type: 'AverageValue', averageValue: '1' } } },
  ]);
  await eventually('horizontalpodautoscalers.autoscaling', () => says('blind', 'FailedGetResourceMetric'));

  setUsage({ web: { cpu: '150m', memory: '1Mi' } });
  await autoscaler('seeing', [{ type: 'Resource', resource: { name: 'cpu', target } }]);
  await eventually('horizontalpodautoscalers.autoscaling', () => now('seeing')?.status?.desiredReplicas === 3);
  assert.equal(caches('deployments.apps').get('default', 'web')?.['spec'].replicas, 3);
  const [metric] = now('seeing')!.status!.currentMetrics!;
  assert.equal(metric!.resource!.current.averageUtilization, 150);
  assert.equal((caches('deployments.apps').get('default', 'web') as Deployment).spec!.replicas, 3);

  await autoscaler('of-one', [
    { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target } },
  ]);
  await eventually('horizontalpodautoscalers.autoscaling', () => now('of-one')?.status?.currentMetrics?.length === 1);
  const { containerResource } = now('of-one')!.status!.currentMetrics![0]!;
  assert.deepEqual([containerResource!.container, containerResource!.current.averageUtilization], ['c', 150]);
  await autoscaler('of-none', [
    { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'x', target } },
  ]);
  await eventually('horizontalpodautoscalers.autoscaling', () => says('of-none', 'FailedGetResourceMetric'));
});

test('a workload is brought within the bounds, whatever is measured', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [horizontalPodAutoscaler()]);
  const selector = { matchLabels: { app: 'web' } };
  const sized = (name: string, replicas: number) =>
    client.create('deployments.apps', {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...place, name } },
      spec: { replicas, selector, template },
    });
  for (const [name, replicas] of [
    ['small', 1],
    ['large', 9],
  ] as const) {
    await sized(name, replicas);
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    await client.create('horizontalpodautoscalers.autoscaling', {
      ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { ...place, name } },
      spec: { scaleTargetRef, minReplicas: 2, maxReplicas: 5 },
    });
  }
  const size = (name: string) => caches('deployments.apps').get('default', name)?.['spec'].replicas;
  await eventually('deployments.apps', () => size('small') === 2 && size('large') === 5);
});
