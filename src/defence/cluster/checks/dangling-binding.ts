import { type Check, type Finding, failOn, type JudgeContext, type Manifest, notAssessed } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { roleOf } from '../account-rights.ts';
import { exampleBinding, exampleRole, ofEveryCluster } from '../role-rights.ts';

const robot = { kind: 'ServiceAccount', namespace: 'shop', name: 'robot' };
const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'shop' } };
const other = { ...account, metadata: { ...account.metadata, name: 'other' } };
const role: Manifest = { ...exampleRole({}, 'Role'), metadata: { name: 'reader', namespace: 'shop' } };
const toRole = (name: string): Manifest => ({
  ...exampleBinding(robot, name, 'RoleBinding'),
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
});

export const danglingBinding: Check = {
  id: 'rbac/dangling-binding',
  level: 'cluster',
  severity: 'low',
  title: 'Every binding has a role and subjects that exist',
  kinds: bindingKinds,
  why: 'whoever makes something of that name later gets the rights, without anybody binding them',
  mend: 'delete the binding, or what is left over in it',
  benchmark: ['NSA authentication and authorization'],
  examples: {
    pass: [
      [exampleBinding(robot, 'view'), account],
      [toRole('reader'), role, account],
    ],
    fail: [
      [exampleBinding(robot, 'view'), other],
      [toRole('writer'), role, account],
    ],
  },
  judge(binding, context) {
    const { roleRef, subjects = [], metadata } = binding;
    const findings: Finding[] = [];
    let missing = '';
    if (!roleOf(binding, context) && !(roleRef?.kind === 'ClusterRole' && ofEveryCluster.test(roleRef.name))) {
      const detail = `${roleRef?.kind} ${roleRef?.name} does not exist`;
      if (isComplete(context, `${roleRef?.kind}.rbac.authorization.k8s.io`, metadata.namespace))
        findings.push({ field: ['roleRef', 'name'], reason: 'binding to nothing', detail });
      else missing = `${roleRef?.kind} ${roleRef?.name}`;
    }
    for (const [index, { kind, name, namespace = metadata.namespace ?? '' }] of subjects.entries()) {
      if (kind !== 'ServiceAccount' || name === 'default') continue;
      if (context.of('ServiceAccount', namespace).some((account) => account.metadata.name === name)) continue;
      if (isComplete(context, 'ServiceAccount', namespace)) {
        const detail = `ServiceAccount ${namespace}/${name} does not exist`;
        findings.push({ field: ['subjects', index, 'name'], reason: 'binding of nobody', detail });
      } else missing = `ServiceAccount ${namespace}/${name}`;
    }
    if (findings.length === 0 && missing !== '') return notAssessed(`${missing} may be made elsewhere`);
    return failOn(findings);
  },
};

/** Where others of its kind are given, it would be, too; a cluster without any could not be read. */
const isComplete = (context: JudgeContext, kind: string, namespace?: string): boolean =>
  context.of(kind, context.source === 'cluster' || kind.startsWith('ClusterRole') ? undefined : namespace).length > 0;
