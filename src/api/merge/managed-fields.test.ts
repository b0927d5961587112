import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../object.ts';
import { serverSideApply } from './apply.ts';
import { updateManagedFields } from './managed-fields.ts';
import { schema } from './testing/schema.ts';

const deployment = (spec: object, metadata: object = {}): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', ...metadata },
  spec,
});
const by = (manager: string, operation: 'Apply' | 'Update' = 'Apply') => ({
  manager,
  operation,
  apiVersion: 'apps/v1',
  time: '2026-01-01T00:00:00Z',
});
const apply = (live: KubernetesObject | undefined, spec: object, manager: string, force = false) =>
  serverSideApply(live, deployment(spec), by(manager), schema, force);

test('apply creates with ownership of exactly what is applied', () => {
  const { object, conflicts } = apply(undefined, { replicas: 1, containers: [{ name: 'a', image: 'a:1' }] }, 'one');
  assert.deepEqual(conflicts, []);
  assert.deepEqual(object.metadata.managedFields![0]!.fieldsV1, {
    'f:spec': {
      'f:replicas': {},
      'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:image': {} } },
    },
  });
});

test('apply contradicting another manager conflicts, and force takes the field', () => {
  const first = apply(undefined, { replicas: 1 }, 'one').object;
  const { conflicts } = apply(first, { replicas: 2 }, 'two');
  assert.deepEqual(
    conflicts.map(({ manager, field }) => [manager, field]),
    [['one', '.spec.replicas']],
  );
  assert.deepEqual(apply(first, { replicas: 1 }, 'two').conflicts, [], 'the same value is shared');
  const forced = apply(first, { replicas: 2 }, 'two', true).object;
  assert.equal(forced.spec.replicas, 2);
  assert.deepEqual(
    forced.metadata.managedFields!.map((entry) => entry.manager),
    ['two'],
  );
});

test('what is no longer applied goes, unless somebody else holds it', () => {
  const both = {
    replicas: 1,
    containers: [
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ],
  };
  const first = apply(undefined, both, 'one').object;
  first.spec.containers[1].defaulted = true;
  const second = apply(first, { containers: [{ name: 'a', image: 'a:1' }] }, 'one').object;
  assert.deepEqual(second.spec, { containers: [{ name: 'a', image: 'a:1' }] });

  const shared = apply(apply(undefined, { replicas: 1 }, 'one').object, { replicas: 1 }, 'two').object;
  assert.equal(apply(shared, {}, 'one').object.spec?.replicas, 1);
});

test('applying the same again changes nothing at all', () => {
  const spec = { replicas: 1, selector: { app: 'x' }, containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] };
  const first = apply(undefined, spec, 'one').object;
  const again = serverSideApply(first, deployment(spec), { ...by('one'), time: '2027-01-01T00:00:00Z' }, schema, false);
  assert.deepEqual(again.object, first);
});

test('ports are told apart by number and defaulted protocol', () => {
  const first = apply(
    undefined,
    { containers: [{ name: 'a', ports: [{ containerPort: 53, protocol: 'UDP' }] }] },
    'one',
  ).object;
  const second = apply(first, { containers: [{ name: 'a', ports: [{ containerPort: 53 }] }] }, 'two').object;
  assert.equal(second.spec.containers[0].ports.length, 2);
});

test('an update takes what it changes from those who applied it', () => {
  const first = apply(undefined, { replicas: 1, selector: { app: 'x' } }, 'one').object;
  const scaled = structuredClone(first);
  scaled.spec.replicas = 5;
  scaled.metadata.managedFields = updateManagedFields(first, scaled, by('kubectl', 'Update'), schema);
  const fields = Object.fromEntries(scaled.metadata.managedFields.map((entry) => [entry.manager, entry.fieldsV1]));
  assert.deepEqual(fields, { one: { 'f:spec': { 'f:selector': {} } }, kubectl: { 'f:spec': { 'f:replicas': {} } } });
  assert.equal(apply(scaled, { replicas: 1, selector: { app: 'x' } }, 'one').conflicts.length, 1);
  const same = updateManagedFields(scaled, structuredClone(scaled), by('other', 'Update'), schema);
  assert.equal(same, scaled.metadata.managedFields, 'a write that changes nothing owns nothing');
});

test('the API’s own schema tells ports apart: applying a service again adds none', async () => {
  const { definition } = await import('../schema/definitions.ts');
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  };
  const owner = { ...by('one'), apiVersion: 'v1' };
  const first = serverSideApply(undefined, service, owner, definition('io.k8s.api.core.v1.Service'), false).object;
  first.spec.ports[0].protocol = 'TCP';
  const again = serverSideApply(first, service, owner, definition('io.k8s.api.core.v1.Service'), false).object;
  assert.equal(again.spec.ports.length, 1);
});
