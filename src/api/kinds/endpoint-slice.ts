import { defineKind } from '../define.ts';
import type { EndpointSlice } from '../schema/types.d.ts';

const shownMax = 3;

/** The first three, then how many more: `80,443 + 2 more...`. */
function showSome(values: string[], empty: string): string {
  if (values.length === 0) return empty;
  const more = values.length > shownMax ? ` + ${values.length - shownMax} more...` : '';
  return values.slice(0, shownMax).join(',') + more;
}

function ports({ ports }: EndpointSlice): string {
  const shown = (ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '') || '*' : String(port)));
  return showSome(shown, '<unset>');
}

export const endpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  columns: [
    { name: 'AddressType', type: 'string', value: ({ addressType }) => addressType },
    { name: 'Ports', type: 'string', value: ports },
    {
      name: 'Endpoints',
      type: 'string',
      value: ({ endpoints }) =>
        showSome(
          (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
          '<unset>',
        ),
    },
  ],
  defaults({ ports }) {
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
});
