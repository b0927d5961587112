import { isIP } from 'node:net';
import { defineKind } from '../define.ts';
import type { IPAddress } from '../schema/types.d.ts';
import { nameColumn } from '../table.ts';

function parent({ spec }: IPAddress): string {
  const { group, resource, namespace, name } = spec?.parentRef ?? { resource: '', name: '' };
  return [group ? `${resource}.${group}` : resource, namespace, name].filter(Boolean).join('/');
}

export const ipAddress = defineKind<IPAddress>({
  group: 'networking.k8s.io',
  kind: 'IPAddress',
  resource: 'ipaddresses',
  hasGeneration: false,
  shortNames: ['ip'],
  namespaced: false,
  name: (name) => (isIP(name) === 0 ? 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)' : undefined),
  wholeTable: true,
  columns: [nameColumn, { name: 'ParentRef', type: 'string', value: parent }],
});
