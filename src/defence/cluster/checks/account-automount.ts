import { type Check, failOn, notApplicable, pass } from '../../contract.ts';
import { hasRights } from '../account-rights.ts';
import { exampleBinding } from '../role-rights.ts';

const account = (fields: object = {}, name = 'api') => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'shop' },
  ...fields,
});

export const accountAutomount: Check = {
  id: 'account-automount',
  level: 'cluster',
  severity: 'low',
  title: 'A ServiceAccount without rights hands out no token',
  kinds: ['ServiceAccount'],
  why: 'pods of it get a token that is good for nothing but finding out what the API would answer',
  mend: 'set automountServiceAccountToken: false on the ServiceAccount',
  benchmark: ['CIS 5.1.6', 'NSA authentication and authorization'],
  examples: {
    pass: [
      [account({ automountServiceAccountToken: false })],
      [account(), exampleBinding({ kind: 'ServiceAccount', namespace: 'shop', name: 'api' })],
    ],
    fail: [[account()]],
  },
  judge({ metadata, automountServiceAccountToken }, context) {
    // default-service-account tells of that one; those of controllers are in no pod.
    if (metadata.name === 'default' || metadata.namespace === 'kube-system') return notApplicable;
    if (automountServiceAccountToken === false || hasRights(context, metadata.namespace ?? '', metadata.name))
      return pass;
    const field = ['automountServiceAccountToken'];
    const patch = [{ op: 'add', path: '/automountServiceAccountToken', value: false }];
    return failOn([{ field, reason: 'token without need', detail: 'no binding names it', patch }]);
  },
};
