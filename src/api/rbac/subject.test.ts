import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceAccountUser } from './identity.ts';
import { isSubject, type Subject, subjectOfUser, subjectsOf, subjectUser } from './subject.ts';

const api: Subject = { kind: 'ServiceAccount', namespace: 'shop', name: 'api' };

test('a user is named by name, a group by membership, a ServiceAccount by its namespace too', () => {
  const user = serviceAccountUser('shop', 'api');
  assert.ok(isSubject(user, api));
  assert.ok(isSubject(user, { kind: 'Group', name: 'system:serviceaccounts:shop' }));
  assert.ok(isSubject(user, { kind: 'User', name: 'system:serviceaccount:shop:api' }));
  assert.ok(!isSubject(user, { ...api, namespace: 'other' }));
  assert.ok(!isSubject({ username: 'api', groups: [] }, { kind: 'Group', name: 'api' }));
});

test('the subject of a user is that user again', () => {
  for (const username of ['jane', 'system:serviceaccount:shop:api'])
    assert.equal(subjectUser(subjectOfUser(username)).username, username);
  assert.deepEqual(subjectOfUser('system:serviceaccount:shop:api'), api);
});

test('a ServiceAccount that a binding names as a user is that ServiceAccount', () => {
  const subjects = [
    { kind: 'User', name: 'system:serviceaccount:shop:api' },
    { kind: 'User', name: 'jane' },
  ];
  const binding = { apiVersion: 'v1', kind: 'RoleBinding', metadata: { name: 'b', namespace: 'other' }, subjects };
  assert.deepEqual(subjectsOf(binding), [api, { kind: 'User', name: 'jane' }]);
});
