import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { create, texts } from '../testing/refusals.ts';

const condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Fine',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
const balancer = { type: 'LoadBalancer' };

/** A status that is written to an example, and what it is refused for; nothing when it is not. */
const cases: [kind: string, status: object, refused: RegExp | undefined, spec?: object][] = [
  ['apps/v1 Deployment', { replicas: 2, readyReplicas: 2, availableReplicas: 2, updatedReplicas: 2 }, undefined],
  ['apps/v1 Deployment', { replicas: -1 }, /status\.replicas: .*greater than or equal to 0/],
  ['apps/v1 ReplicaSet', { replicas: 1, readyReplicas: 2 }, /readyReplicas: .*cannot be greater than status\.replicas/],
  ['apps/v1 StatefulSet', { replicas: 2, availableReplicas: 1 }, /cannot be greater than readyReplicas/],
  ['v1 ReplicationController', { replicas: 1, fullyLabeledReplicas: 2 }, /fullyLabeledReplicas/],
  ['apps/v1 DaemonSet', { numberReady: -1 }, /status\.numberReady/],
  ['batch/v1 Job', { succeeded: -1 }, /status\.succeeded/],
  ['autoscaling/v2 HorizontalPodAutoscaler', { desiredReplicas: -1 }, /status\.desiredReplicas/],
  ['policy/v1 PodDisruptionBudget', { disruptionsAllowed: -1 }, /status\.disruptionsAllowed/],
  ['policy/v1 PodDisruptionBudget', { conditions: [condition] }, undefined],
  ['policy/v1 PodDisruptionBudget', { conditions: [{ ...condition, reason: 'not valid' }] }, /conditions\[0\]\.reason/],
  ['policy/v1 PodDisruptionBudget', { conditions: [condition, condition] }, /conditions\[1\]\.type: Duplicate/],
  ['policy/v1 PodDisruptionBudget', { conditions: [{ ...condition, status: 'Maybe' }] }, /conditions\[0\]\.status/],
  [
    'networking.k8s.io/v1 Ingress',
    { loadBalancer: { ingress: [{ ip: '192.0.2.1' }, { hostname: 'a.b' }] } },
    undefined,
  ],
  ['networking.k8s.io/v1 Ingress', { loadBalancer: { ingress: [{ ip: '192.0.2.1; accept' }] } }, /ingress\[0\]\.ip/],
  ['networking.k8s.io/v1 Ingress', { loadBalancer: { ingress: [{ hostname: '192.0.2.1' }] } }, /must be a DNS name/],
  ['v1 Service', { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }, /may only be used when `spec\.type`/],
  ['v1 Service', { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } }, undefined, balancer],
  ['v1 Service', { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'Any' }] } }, /ipMode: Unsupported/, balancer],
  ['v1 Service', { loadBalancer: { ingress: [{ ipMode: 'VIP' }] } }, /ipMode: Forbidden/, balancer],
];

for (const [of, status, refused, spec] of cases)
  test(`${of}: status ${JSON.stringify(status)} is ${refused ? 'refused' : 'accepted'}`, () => {
    const kind = kindOf(...(of.split(' ') as [string, string]))!;
    const old = create(of, (object) => Object.assign(object.spec, spec));
    const object = { ...structuredClone(old), status: structuredClone(status) };
    kind.defaults(object);
    const found = texts(kind.validateStatus(object, old)).join('\n');
    if (refused) assert.match(found, refused);
    else assert.equal(found, '');
  });
