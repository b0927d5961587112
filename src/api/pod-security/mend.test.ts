import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mendingPatch } from './mend.ts';
import { evaluatePod, type PodSecurityPolicy } from './pod-security.ts';

test('as many containers as fit into a request are mended at once, and long lists stay untouched', () => {
  const policy: PodSecurityPolicy = { level: 'restricted', version: 'latest' };
  const args = Array.from({ length: 10_000 }, (_, index) => String(index));
  const containers = Array.from({ length: 5_000 }, (_, index) => ({ name: `c${index}`, image: 'web:1', args }));
  const pod = { metadata: {}, spec: { containers } };
  const patch = mendingPatch(pod, evaluatePod(pod, policy), policy)!;
  assert.ok(patch.length >= containers.length);
  assert.ok(patch.every(({ path }) => !path.includes('/args')));
});

test('what is missing is mended together with what is forbidden, though Kubernetes tells of one at a time', () => {
  const policy: PodSecurityPolicy = { level: 'restricted', version: 'latest' };
  const secure = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const containers = [
    { name: 'a', image: 'a:1', securityContext: { ...secure, seccompProfile: { type: 'Unconfined' } } },
    { name: 'b', image: 'b:1', securityContext: secure },
  ];
  const pod = { metadata: {}, spec: { securityContext: { runAsNonRoot: true }, containers } };
  const violations = evaluatePod(pod, policy);
  assert.deepEqual(
    violations.flatMap(({ offences }) => offences.map(({ field }) => field)),
    ['spec.containers[0].securityContext.seccompProfile.type', 'spec.securityContext.seccompProfile.type'],
  );
  assert.equal(mendingPatch(pod, violations, policy)?.length, 2);
});
