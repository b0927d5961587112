import { type Plugin, stateless } from '../plugin.ts';

const refusals = [{ reason: 'node(s) had none of the devices that spec.resourceClaims asks for', resolvable: false }];

/** Dynamic resource allocation is not built: a pod that asks for devices waits rather than run without them. */
export const resourceClaims: Plugin<undefined> = {
  name: 'DynamicResources',
  wakes: ['node'],
  local: true,
  prepare: ({ pod }) => (pod.spec?.resourceClaims?.length ? stateless : undefined),
  filter: () => refusals,
};
