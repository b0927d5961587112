import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { example } from '../testing/examples.ts';

const [old, newer] = ['v1', 'v2'].map((version) => kindOf(`autoscaling/${version}`, 'HorizontalPodAutoscaler')!);
const prefix = 'autoscaling.alpha.kubernetes.io';
const { toStored, fromStored } = old!.storedAs!;

function annotated(annotations: Record<string, string>): any {
  const object = example('autoscaling/v1', 'HorizontalPodAutoscaler', true);
  object.metadata.annotations = annotations;
  return object;
}

test('what the old version cannot say travels in annotations', () => {
  const object: any = example('autoscaling/v2', 'HorizontalPodAutoscaler', true);
  const memory = { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } };
  object.spec.metrics = [{ type: 'Resource', resource: memory }];
  object.spec.behavior = { scaleDown: { selectPolicy: 'Disabled' } };
  const shown = fromStored(structuredClone(object));
  assert.deepEqual(Object.keys(shown.metadata.annotations!).sort(), [`${prefix}/behavior`, `${prefix}/metrics`]);
  assert.deepEqual(toStored(shown)['spec'], object.spec);
});

test('annotations that have not the form of what they stand for are nothing', () => {
  const hostile = ['5', 'true', '"text"', '{}', '[5]', '{', '[{"type":5}]', '['.repeat(500), 'null'];
  for (const text of hostile) {
    const annotations = Object.fromEntries(
      ['metrics', 'behavior', 'conditions', 'current-metrics'].map((name) => [`${prefix}/${name}`, text]),
    );
    const stored = toStored(annotated(annotations));
    const cpu = { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } };
    assert.deepEqual(stored['spec'].metrics, [{ type: 'Resource', resource: cpu }], text);
    assert.equal(stored.metadata.annotations, undefined, text);
    for (const { value } of old!.columns) value(annotated(annotations), 0);
    assert.deepEqual(old!.validate(annotated(annotations)), [], text);
  }
});

test('a stored status that lacks what it should have is shown in both versions', () => {
  const object: any = example('autoscaling/v2', 'HorizontalPodAutoscaler', true);
  object.status = { currentReplicas: 1, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu' } }] };
  object.spec.metrics = [{ type: 'Resource', resource: { name: 'cpu' } }];
  fromStored(structuredClone(object));
  for (const { value } of newer!.columns) value(object, 0);
});
