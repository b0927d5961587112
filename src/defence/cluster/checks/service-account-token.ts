import { type Check, failOn, notApplicable, notAssessed, pass } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { examplePod, isMirror, podOf, workloadKinds } from '../../workload.ts';
import { hasRights } from '../account-rights.ts';
import { exampleBinding } from '../role-rights.ts';

const mounting = (account?: string) =>
  examplePod(({ spec }) => {
    delete spec.automountServiceAccountToken;
    if (account) spec.serviceAccountName = account;
  });

export const serviceAccountToken: Check = {
  id: 'service-account-token',
  level: 'cluster',
  severity: 'medium',
  title: 'A token is mounted only where it has rights',
  kinds: workloadKinds,
  why: 'a token in a pod is what an intruder tries first; a pod that does not ask the API needs none',
  mend: 'set automountServiceAccountToken: false in the pod',
  benchmark: ['CIS 5.1.6', 'NSA authentication and authorization'],
  examples: {
    pass: [
      [examplePod()],
      [mounting('api'), exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' })],
      [mounting('api'), exampleBinding({ kind: 'User', name: 'system:serviceaccount:shop:api' })],
      [mounting(), exampleBinding({ kind: 'Group', name: 'system:serviceaccounts:shop' })],
    ],
    fail: [[mounting()], [mounting('default')]],
  },
  judge(object, context) {
    const found = podOf(object);
    if (found === undefined || isMirror(object)) return notApplicable;
    const { spec } = found.pod;
    const name = spec['serviceAccountName'] ?? spec['serviceAccount'] ?? 'default';
    const namespace = object.metadata.namespace ?? '';
    const account = context.of('ServiceAccount', namespace).find(({ metadata }) => metadata.name === name);
    const mount = spec['automountServiceAccountToken'] ?? account?.['automountServiceAccountToken'] ?? true;
    if (mount === false || hasRights(context, namespace, name)) return pass;
    // A ServiceAccount made elsewhere may have its rights there, too.
    if (name !== 'default' && account === undefined && context.source === 'manifests')
      return notAssessed(`ServiceAccount ${name} and its rights are not among the manifests`);
    const field = [...found.prefix, 'spec', 'automountServiceAccountToken'];
    const patch = [{ op: 'add', path: pointer(field), value: false }];
    const detail = `the token of ServiceAccount ${name} is mounted, and no binding names it`;
    return failOn([{ field, reason: 'token without need', detail, patch }]);
  },
};
