import { type Check, failOn, pass } from '../../contract.ts';
import { bindingKinds } from '../../snapshot/roles.ts';
import { subjectsOf } from '../account-rights.ts';
import { exampleBinding } from '../role-rights.ts';

const account = (automount?: boolean) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'default', namespace: 'shop' },
  ...(automount === undefined ? {} : { automountServiceAccountToken: automount }),
});

export const defaultServiceAccount: Check = {
  id: 'default-service-account',
  level: 'cluster',
  severity: 'medium',
  title: 'The default ServiceAccount has no rights and no token',
  kinds: ['ServiceAccount', ...bindingKinds],
  why: 'every pod of the namespace that names no ServiceAccount has what the default one has',
  mend: 'make a ServiceAccount for the workload; set automountServiceAccountToken: false on the default one',
  benchmark: ['CIS 5.1.5', 'NSA authentication and authorization'],
  examples: {
    pass: [[account(false)], [exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' })]],
    fail: [
      [account()],
      [exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'default' })],
      [exampleBinding({ kind: 'User', name: 'system:serviceaccount:shop:default' })],
      [exampleBinding({ kind: 'Group', name: 'system:serviceaccounts:shop' })],
    ],
  },
  judge(object) {
    if (object.kind !== 'ServiceAccount')
      return failOn(
        subjectsOf(object).flatMap(({ kind, name }, index) =>
          (kind === 'ServiceAccount' && name === 'default') ||
          (kind === 'Group' && name.startsWith('system:serviceaccounts:'))
            ? [
                {
                  field: ['subjects', index],
                  reason: 'rights for the default ServiceAccount',
                  detail: 'each pod has them',
                },
              ]
            : [],
        ),
      );
    if (object.metadata.name !== 'default' || object['automountServiceAccountToken'] === false) return pass;
    const detail = 'automountServiceAccountToken is not false';
    const patch = [{ op: 'add', path: '/automountServiceAccountToken', value: false }];
    return failOn([
      { field: ['automountServiceAccountToken'], reason: 'token of the default ServiceAccount', detail, patch },
    ]);
  },
};
