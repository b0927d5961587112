import { describeSubject } from '../../../api/rbac/subject.ts';
import { type Check, failOn, pass } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { isComponent, subjectsOf } from '../account-rights.ts';
import { exampleBinding } from '../role-rights.ts';

const robot = { kind: 'ServiceAccount', namespace: 'shop', name: 'robot' };
const inNamespace = (namespace: string) => {
  const binding = exampleBinding(robot, 'admin', 'RoleBinding');
  return { ...binding, metadata: { ...binding.metadata, namespace } };
};

/** Where pods are what the cluster consists of, and most clusters refuse nothing of them. */
const systemNamespace = 'kube-system';

export const adminEverywhere: Check = {
  id: 'rbac/admin-everywhere',
  level: 'cluster',
  severity: 'high',
  title: 'Nobody has admin or edit in all namespaces, or where the cluster itself runs',
  kinds: bindingKinds,
  why: 'both read secrets and run pods as any ServiceAccount: with those of kube-system it is one step to everything',
  mend: 'bind the role by a RoleBinding in each namespace that the task is about',
  benchmark: ['NSA authentication and authorization'],
  examples: {
    pass: [[exampleBinding(robot, 'view')], [inNamespace('shop')]],
    fail: [
      [exampleBinding(robot, 'edit')],
      [exampleBinding({ kind: 'User', name: 'eve' }, 'admin')],
      [inNamespace('kube-system')],
    ],
  },
  judge(binding) {
    const { kind, roleRef, metadata } = binding;
    if (roleRef?.kind !== 'ClusterRole' || !['admin', 'edit'].includes(roleRef.name)) return pass;
    if (kind === 'RoleBinding' && metadata.namespace !== systemNamespace) return pass;
    const where = kind === 'RoleBinding' ? `in ${systemNamespace}` : 'in every namespace';
    return failOn(
      subjectsOf(binding).flatMap((subject, index) => {
        const detail = `${describeSubject(subject)} has ${roleRef.name} ${where}`;
        return isComponent(subject) ? [] : [{ field: ['subjects', index], reason: 'close to cluster-admin', detail }];
      }),
    );
  },
};
