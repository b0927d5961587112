import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildInfo, buildWorld } from '../testing/builders.ts';
import { choices, twoZones } from '../testing/choices.ts';
import { bindingsFor } from './volumes.ts';

const volume = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    capacity: { storage: '10Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'local',
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }] },
    },
    ...more,
  },
  status: { phase: 'Available' },
});
const world = (claim: object, volumeBindingMode: string, provisioner = 'kubernetes.io/no-provisioner') =>
  buildWorld(twoZones(), [], {
    claim: (_namespace, name) =>
      name === 'data'
        ? ({
            apiVersion: 'v1',
            kind: 'PersistentVolumeClaim',
            metadata: { name, namespace: 'default' },
            spec: {
              storageClassName: 'local',
              accessModes: ['ReadWriteOnce'],
              resources: { requests: { storage: '5Gi' } },
              ...claim,
            },
          } as any)
        : undefined,
    volume: (name) => volume(name),
    offeredTo: () => [volume('pv1')],
    storageClass: () => ({ volumeBindingMode, provisioner }) as any,
  });
const pod = (claimName = 'data') => buildInfo('x', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] });

test('a bound volume draws its pod to where it can be reached', () => {
  assert.deepEqual(choices(pod(), world({ volumeName: 'pv1' }, 'Immediate')).fit, ['b1']);
});

test('a claim that waits for its first consumer goes where a volume is, or could be made', () => {
  assert.deepEqual(choices(pod(), world({}, 'WaitForFirstConsumer')), {
    fit: ['b1'],
    reasons: ["node(s) didn't find available persistent volumes to bind"],
  });
  assert.equal(choices(pod(), world({}, 'WaitForFirstConsumer', 'rempart.io/local-path')).fit.length, 3);
  const tooMuch = { resources: { requests: { storage: '50Gi' } } };
  assert.equal(choices(pod(), world(tooMuch, 'WaitForFirstConsumer')).fit.length, 0);
});

test('a volume that the claim does not select, that is going, or reserved and too small, is none for it', () => {
  const fitting = (claim: object, one: object) => {
    const first = world(claim, 'WaitForFirstConsumer');
    return choices(pod(), { ...first, volumes: { ...first.volumes, offeredTo: () => [one as any] } }).fit;
  };
  const selector = { matchLabels: { disk: 'ssd' } };
  const labelled = (labels: object) => ({ ...volume('pv1'), metadata: { name: 'pv1', labels } });
  assert.deepEqual(fitting({ selector }, labelled({ disk: 'ssd' })), ['b1']);
  assert.deepEqual(fitting({ selector }, labelled({ disk: 'hdd' })), []);
  const going = { ...volume('pv1'), metadata: { name: 'pv1', deletionTimestamp: '2026-01-01T00:00:00Z' } };
  assert.deepEqual(fitting({}, going), []);
  const claimRef = { namespace: 'default', name: 'data' };
  assert.deepEqual(fitting({}, volume('pv1', { claimRef })), ['b1']);
  assert.deepEqual(fitting({}, volume('pv1', { claimRef, capacity: { storage: '1Gi' } })), []);
});

test('a claim that a volume is reserved for goes where that can be reached, whatever is free elsewhere', () => {
  const first = world({}, 'WaitForFirstConsumer');
  const reserved = volume('pv1', { claimRef: { namespace: 'default', name: 'data' } });
  const free = volume('pv2', { nodeAffinity: undefined });
  const of = (...all: object[]) => ({ ...first, volumes: { ...first.volumes, offeredTo: () => all as any } });
  assert.deepEqual(choices(pod(), of(free)).fit, ['a1', 'a2', 'b1']);
  assert.deepEqual(choices(pod(), of(free, reserved)).fit, ['b1']);
});

test('two claims of a pod do not get the same volume, and one claim is asked for once', () => {
  const first = world({}, 'WaitForFirstConsumer');
  const two = {
    ...{ claim: (_: string, name: string) => ({ ...first.volumes.claim('', 'data'), metadata: { name } }) as any },
    offeredTo: () => [volume('pv1'), volume('pv2', { nodeAffinity: undefined })] as any,
  };
  const using = (...names: string[]) =>
    buildInfo('x', {
      volumes: names.map((claimName, n) => ({ name: `${n}`, persistentVolumeClaim: { claimName } })),
    });
  const both = { ...first, volumes: { ...first.volumes, ...two } };
  assert.deepEqual(choices(using('data', 'data'), both).fit, ['a1', 'a2', 'b1']);
  assert.deepEqual(choices(using('data', 'log'), both).fit, ['b1'], 'the other zone reaches one of them');
  assert.deepEqual(
    bindingsFor(using('data', 'log'), both.node('b1')!, both).map(({ volume }) => volume!.metadata.name),
    ['pv1', 'pv2'],
  );
  assert.throws(() => bindingsFor(using('data', 'log'), both.node('a1')!, both), /no longer available/);
});

test('a claim whose volume was to be made on a node that is gone may go elsewhere', () => {
  const first = world({}, 'WaitForFirstConsumer', 'rempart.io/local-path');
  const chosenFor = (node: string) => {
    const claim = first.volumes.claim('', 'data')!;
    const metadata = { ...claim.metadata, annotations: { 'volume.kubernetes.io/selected-node': node } };
    const volumes = { ...first.volumes, claim: () => ({ ...claim, metadata }), offeredTo: () => [] };
    return choices(pod(), { ...first, volumes }).fit;
  };
  assert.deepEqual(chosenFor('a2'), ['a2']);
  assert.deepEqual(chosenFor('gone'), ['a1', 'a2', 'b1']);
});

test('an unbound claim of an immediate class, and a missing claim, keep the pod waiting', () => {
  assert.deepEqual(choices(pod(), world({}, 'Immediate')).reasons, [
    'pod has unbound immediate PersistentVolumeClaims',
  ]);
  assert.deepEqual(choices(pod('none'), world({}, 'Immediate')).reasons, ['persistentvolumeclaim "none" not found']);
});
