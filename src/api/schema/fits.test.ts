import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyJson } from '../../foundation/json.ts';
import { kinds } from '../api.ts';
import { decodeFields } from './decode.ts';
import { surelyFits } from './fits.ts';

const { schema } = kinds.find(({ group, kind }) => group === 'apps' && kind === 'Deployment')!;
const deployment = (change: (pod: any, deployment: any) => void = () => {}) => {
  const spec = {
    hostNetwork: false,
    containers: [
      {
        name: 'web',
        image: 'web:1',
        env: [{ name: 'PORT', value: '80' }],
        ports: [{ containerPort: 80 }],
        resources: { requests: { cpu: '50m', memory: '64Mi' } },
        readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 5 },
        livenessProbe: { httpGet: { path: '/', port: 'web' } },
      },
    ],
  };
  const all = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: { metadata: {}, spec } },
  };
  change(spec, all);
  return all;
};

test('what people write fits without being decoded', () => {
  assert.equal(surelyFits(schema, deployment()), true);
});

test('whatever decoding would refuse or drop does not surely fit', () => {
  const changes: ((pod: any, deployment: any) => void)[] = [
    (pod) => Object.assign(pod, { hostNetwork: 'true' }),
    (pod) => Object.assign(pod, { hostnetwork: true }),
    (pod) => Object.assign(pod, { containers: {} }),
    (pod) => Object.assign(pod, { containers: [null] }),
    (pod) => Object.assign(pod.containers[0], { name: 5 }),
    (pod) => Object.assign(pod.containers[0].resources.requests, { cpu: 'much' }),
    (pod) => Object.assign(pod.containers[0].ports[0], { containerPort: '80' }),
    (pod) => Object.assign(pod.containers[0].readinessProbe, { periodSeconds: 0.5 }),
    (pod) => Object.assign(pod.containers[0].readinessProbe.httpGet, { port: true }),
    (_, all) => Object.assign(all.metadata, { labels: { version: 1 } }),
    (_, all) => Object.assign(all.metadata, { creationTimestamp: 'yesterday' }),
    (_, all) => Object.assign(all, { spec: null }),
    (_, all) => Object.assign(all, { spec: [] }),
    (_, all) => Object.assign(all, { kindd: 'x' }),
  ];
  for (const change of changes) {
    const wrong = deployment(change);
    assert.equal(surelyFits(schema, wrong), false, JSON.stringify(wrong));
    const { mismatch, unknown } = decodeFields(schema, copyJson(wrong));
    const isNull = JSON.stringify(wrong).includes('null');
    assert.ok(mismatch !== undefined || unknown.length > 0 || isNull, JSON.stringify(wrong));
  }
});
