import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../../api/api.ts';
import { documentV2, documentV3 } from './document.ts';

test('a text stands at its definition or beside the reference, in both versions', () => {
  const { metadata, spec } = documentV2(kinds, 'v1').definitions['io.k8s.api.core.v1.Pod'].properties;
  assert.match(spec.description, /\.$/);
  assert.equal(spec.$ref, '#/definitions/io.k8s.api.core.v1.PodSpec');
  const pod = documentV3(kinds, 'api/v1', 'v1').components.schemas['io.k8s.api.core.v1.Pod'];
  assert.equal(pod.properties.metadata.description, metadata.description);
  assert.deepEqual(pod.properties.spec, {
    description: spec.description,
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
  });
});

test('the values that the validation knows stand at the field, or at the items of a list', () => {
  const { schemas } = documentV3(kinds, 'api/v1', 'v1').components;
  const { type, ipFamilies } = schemas['io.k8s.api.core.v1.ServiceSpec'].properties;
  assert.deepEqual(type.enum, ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
  assert.deepEqual([ipFamilies.enum, ipFamilies.items.enum], [undefined, ['IPv4', 'IPv6']]);
});
