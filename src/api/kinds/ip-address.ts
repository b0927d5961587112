import { isIP } from 'node:net';
import { defineKind } from '../define.ts';
import type { IPAddress } from '../schema/types.d.ts';
import { nameColumn } from '../table.ts';
import { ErrorList, immutable, required } from '../validation/errors.ts';
import { dnsSubdomain, pathSegment } from '../validation/names.ts';
import { checkName, sameValue } from '../validation/values.ts';

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
  validate({ spec }, old) {
    const errors = new ErrorList();
    const { parentRef } = spec ?? {};
    if (!parentRef) errors.push(required('spec.parentRef'));
    else {
      if (parentRef.group) checkName(parentRef.group, dnsSubdomain, 'spec.parentRef.group', errors);
      for (const name of ['resource', 'name'] as const)
        checkName(parentRef[name], pathSegment, `spec.parentRef.${name}`, errors);
      if (parentRef.namespace) checkName(parentRef.namespace, pathSegment, 'spec.parentRef.namespace', errors);
    }
    if (old && !sameValue(spec, old.spec)) errors.push(immutable('spec', spec));
    return errors;
  },
  wholeTable: true,
  columns: [nameColumn, { name: 'ParentRef', type: 'string', value: parent }],
});
