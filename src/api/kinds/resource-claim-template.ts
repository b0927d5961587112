import { defineKind } from '../define.ts';
import type { ResourceClaimTemplate } from '../schema/types.d.ts';
import { defaultResourceClaim } from './resource-claim.ts';

export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  kind: 'ResourceClaimTemplate',
  resource: 'resourceclaimtemplates',
  hasGeneration: false,
  returnsDeleted: true,
  defaults: ({ spec }) => defaultResourceClaim(spec?.spec),
});
