import { defineKind } from '../define.ts';
import type { ServiceAccount } from '../schema/types.d.ts';

export const serviceAccount = defineKind<ServiceAccount>({
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  returnsDeleted: true,
  shortNames: ['sa'],
  subresources: [
    { name: 'token', group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', verbs: ['create'] },
  ],
});
