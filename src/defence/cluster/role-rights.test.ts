import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { contextOf } from '../judge/judge.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { escalate } from './checks/escalate.ts';
import { exampleRole } from './role-rights.ts';

test('acting as others for some verbs is told, milder, where the API server knows it and no name limits it', () => {
  const found = (rule: Partial<PolicyRule>, { minor = 36, closedByDefault = false } = {}) => {
    const role = exampleRole({ apiGroups: ['authentication.k8s.io'], ...rule });
    const snapshot = { source: 'cluster', closedByDefault, takenAtMs: 0, minor, objects: [role], unread: [] } as const;
    const verdict = escalate.judge(role, contextOf(createSnapshot({ ...snapshot, objects: [role], unread: [] })));
    return verdict.verdict === 'fail' ? verdict.findings[0]!.severity : verdict.verdict;
  };
  const users = { resources: ['users'], verbs: ['impersonate:user-info'] };
  assert.equal(found(users), 'high');
  assert.equal(found({ resources: ['nodes'], verbs: ['impersonate:arbitrary-node'] }), 'high');
  assert.equal(found({ ...users, resourceNames: ['anna'] }), 'pass');
  assert.equal(found(users, { minor: 35 }), 'pass');
  assert.equal(found(users, { closedByDefault: true }), 'pass');
  assert.equal(found({ apiGroups: [''], resources: ['users'], verbs: ['impersonate'] }), undefined);
});
