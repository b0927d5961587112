import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCluster } from './testing/cluster.ts';
import { validatingAdmissionPolicyStatusController } from './validating-admission-policy-status.ts';

const policies = 'validatingadmissionpolicies.admissionregistration.k8s.io';

test('a policy is told which of its expressions do not fit the kinds it names', async (t) => {
  const { client, caches, eventually } = await startCluster(t, [validatingAdmissionPolicyStatusController()]);
  const rule = { apiVersions: ['v1'], operations: ['CREATE'] };
  const policy = (expression: string) => ({
    ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' } },
    spec: {
      matchConstraints: {
        resourceRules: [
          { ...rule, apiGroups: ['apps'], resources: ['deployments'] },
          { ...rule, apiGroups: [''], resources: ['pods'] },
        ],
      },
      validations: [{ expression }],
    },
  });
  const made = await client.create(policies, policy('object.spec.replicas < 5'));
  const status = () => caches(policies).get('', 'p')?.['status'];
  await eventually(policies, () => status()?.observedGeneration === 1);
  assert.deepEqual(status().typeChecking.expressionWarnings, [
    {
      fieldRef: 'spec.validations[0].expression',
      warning:
        "/v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'\n | object.spec.replicas < 5\n | ...........^\n",
    },
  ]);
  const { resourceVersion } = caches(policies).get('', 'p')!.metadata;
  const right = policy("object.kind != 'Deployment' || object.metadata.name != 'x'");
  await client.update(policies, { ...right, metadata: { ...made.metadata, resourceVersion } });
  await eventually(policies, () => status()?.observedGeneration === 2);
  assert.deepEqual(status().typeChecking, {});
});
