import { describeSubject } from '../../../api/rbac/subject.ts';
import { type Check, failOn, pass } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { isComponent, subjectsOf } from '../account-rights.ts';
import { exampleBinding } from '../role-rights.ts';

/** Roles of the control plane and of nodes. Others, such as system:auth-delegator, are there to be bound. */
const ofComponents = /^system:(node$|kube-controller-manager$|kube-aggregator|controller:|certificates\.k8s\.io:)/;

export const componentRole: Check = {
  id: 'rbac/component-role',
  level: 'cluster',
  severity: 'high',
  title: 'Roles of components are bound to components only',
  kinds: bindingKinds,
  why: 'they are made for what runs the cluster and hold far more than any application needs: secrets, tokens, all pods',
  mend: 'write a role with what is used',
  benchmark: ['NSA authentication and authorization'],
  examples: {
    pass: [
      [exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' }, 'system:auth-delegator')],
      [exampleBinding({ kind: 'User', name: 'system:kube-controller-manager' }, 'system:kube-controller-manager')],
    ],
    fail: [
      [exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' }, 'system:controller:job-controller')],
      [exampleBinding({ kind: 'User', name: 'system:serviceaccount:shop:api' }, 'system:node')],
      [exampleBinding({ kind: 'Group', name: 'system:serviceaccounts:shop' }, 'system:kube-controller-manager')],
    ],
  },
  judge(binding) {
    const { roleRef } = binding;
    if (roleRef?.kind !== 'ClusterRole' || !ofComponents.test(roleRef.name)) return pass;
    return failOn(
      subjectsOf(binding).flatMap((subject, index) => {
        const detail = `${describeSubject(subject)} has ${roleRef.name}`;
        return isComponent(subject) ? [] : [{ field: ['subjects', index], reason: 'the role of a component', detail }];
      }),
    );
  },
};
