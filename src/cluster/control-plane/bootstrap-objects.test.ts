import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bootstrapObjects, complete } from './bootstrap-objects.ts';

const objects = bootstrapObjects({ clientAuthority: 'PEM' });
const find = (kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)!;

test('every binding refers to a role that exists, and no name occurs twice', () => {
  const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`);
  assert.equal(new Set(names).size, names.length);
  for (const { kind, metadata, roleRef } of objects.filter((object) => object.kind.endsWith('Binding'))) {
    const wanted = `${roleRef.kind}/${kind === 'RoleBinding' ? metadata.namespace : ''}/${roleRef.name}`;
    const role = roleRef.kind === 'ClusterRole' ? `ClusterRole//${roleRef.name}` : wanted;
    assert.ok(names.includes(role), `${metadata.name} → ${role}`);
  }
});

test('nameless requests and bare service accounts are bound to nothing that tells of objects', () => {
  for (const { metadata, subjects } of objects.filter((object) => object.kind.endsWith('Binding')))
    for (const { name } of subjects) {
      if (name === 'system:unauthenticated') assert.equal(metadata.name, 'system:public-info-viewer');
      if (name.startsWith('system:serviceaccounts'))
        assert.equal(metadata.name, 'system:service-account-issuer-discovery');
    }
});

test('nodes hold no role: the node authorizer decides for them', () => {
  assert.deepEqual(find('ClusterRoleBinding', 'system:node')['subjects'], []);
});

test('missing rules and subjects are added, additions of the owner stay, an opted-out role is left alone', () => {
  const wanted = find('ClusterRole', 'system:basic-user');
  assert.equal(complete(structuredClone(wanted), wanted), undefined);
  const own = { verbs: ['get'], apiGroups: ['x'], resources: ['things'] };
  const lessened = { ...wanted, rules: [own, wanted['rules'][0]] };
  assert.deepEqual(complete(lessened, wanted)?.['rules'], [own, ...wanted['rules']]);
  const metadata = { ...wanted.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } };
  assert.equal(complete({ ...lessened, metadata }, wanted), undefined);
  const binding = find('ClusterRoleBinding', 'rempart:admins');
  assert.deepEqual(complete({ ...binding, subjects: [] }, binding)?.['subjects'], binding['subjects']);
});
