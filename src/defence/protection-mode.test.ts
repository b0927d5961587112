import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namespacePodSecurity } from './cluster/checks/namespace-pod-security.ts';
import type { Check, Manifest } from './contract.ts';
import { contextOf } from './judge/judge.ts';
import { judgeOne } from './judge/verdict.ts';
import { exampleNamespace } from './namespace-example.ts';
import { networkPolicyMissing } from './perimeter/checks/network-policy-missing.ts';
import { createSnapshot } from './snapshot/snapshot.ts';
import { examplePod } from './workload.ts';

const protection = (name: string, mode: string): Manifest => ({
  ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Protection', metadata: { name }, spec: { mode } },
});

function verdictOn(check: Check, closedByDefault: boolean, objects: Manifest[]): string {
  const parts = { source: 'cluster', closedByDefault, takenAtMs: 0, minor: 36, objects, unread: [] } as const;
  const verdict = judgeOne(check, objects[0]!, contextOf(createSnapshot({ ...parts, unread: [] })));
  if (verdict.verdict !== 'fail') return verdict.verdict;
  const { severity = check.severity, detail } = verdict.findings[0]!;
  return `${severity}: ${detail}`;
}

test('a namespace without a label is what the cluster makes of it', () => {
  const judged = (closed: boolean, ...more: Manifest[]) =>
    verdictOn(namespacePodSecurity, closed, [exampleNamespace(), ...more]);
  assert.equal(judged(true), 'pass');
  assert.equal(judged(true, protection('pod-security', 'baseline')), 'pass');
  assert.match(judged(true, protection('pod-security', 'privileged')), /^medium: .*relaxed to privileged/);
  assert.match(judged(false), /^medium: .*nothing is enforced/);
});

test('a pod that no policy selects is on an island where namespaces are islands', () => {
  const judged = (closed: boolean, ...more: Manifest[]) =>
    verdictOn(networkPolicyMissing, closed, [examplePod(), ...more]);
  assert.match(judged(true, exampleNamespace()), /^low: .*an island/);
  assert.match(judged(true, exampleNamespace({ 'rempart.io/isolation': 'off' })), /^medium: [^;]*$/);
  assert.match(judged(true, exampleNamespace(), protection('namespace-isolation', 'observe')), /^medium: [^;]*$/);
  assert.match(judged(false, exampleNamespace()), /^medium: [^;]*$/);
});
