import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, kinds } from '../../api/api.ts';
import { removalOf } from './api-removals.ts';

test('what is served is not said to be removed, and what replaces something is served or replaced itself', () => {
  for (const { group, version, kind } of kinds) {
    const apiVersion = group === '' ? version : `${group}/${version}`;
    const removal = removalOf(apiVersion, kind);
    assert.ok(removal === undefined || removal.removedIn > 36, `${apiVersion} ${kind}`);
  }
  for (const [apiVersion, kind] of [
    ['admissionregistration.k8s.io/v1beta1', 'ValidatingAdmissionPolicy'],
    ['admissionregistration.k8s.io/v1alpha1', 'MutatingAdmissionPolicyBinding'],
    ['networking.k8s.io/v1beta1', 'ServiceCIDR'],
    ['resource.k8s.io/v1beta1', 'ResourceClaim'],
    ['storage.k8s.io/v1beta1', 'VolumeAttributesClass'],
  ] as const) {
    const { deprecatedIn, removedIn, instead } = removalOf(apiVersion, kind)!;
    assert.ok(deprecatedIn < removedIn);
    assert.ok(kindOf(instead!, kind), `${instead} ${kind}`);
  }
});
