import { type Check, failOn, pass } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
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
    ],
  },
  judge({ roleRef, subjects, metadata }) {
    if (roleRef?.kind !== 'ClusterRole' || !ofComponents.test(roleRef.name)) return pass;
    return failOn(
      ((subjects ?? []) as Record<string, string>[]).flatMap(({ kind, name, namespace = metadata.namespace }, index) =>
        name?.startsWith('system:') || (kind === 'ServiceAccount' && namespace === 'kube-system')
          ? []
          : [
              {
                field: ['subjects', index],
                reason: 'the role of a component',
                detail: `${kind} ${name} has ${roleRef.name}`,
              },
            ],
      ),
    );
  },
};
