import { defineKind } from '../define.ts';
import type { ResourceQuota } from '../schema/types.d.ts';

const isLimit = (name: string) => name.startsWith('limits.');

/** `pods: 1/10, requests.cpu: 1/2`: used of hard, limits apart from the rest. */
function usage({ status }: ResourceQuota, limits: boolean): string {
  return Object.entries(status?.hard ?? {})
    .filter(([name]) => isLimit(name) === limits)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, hard]) => `${name}: ${status?.used?.[name] ?? '0'}/${hard}`)
    .join(', ');
}

export const resourceQuota = defineKind<ResourceQuota>({
  kind: 'ResourceQuota',
  resource: 'resourcequotas',
  shortNames: ['quota'],
  status: true,
  columns: [
    { name: 'Request', type: 'string', value: (quota) => usage(quota, false) },
    { name: 'Limit', type: 'string', value: (quota) => usage(quota, true) },
  ],
});
