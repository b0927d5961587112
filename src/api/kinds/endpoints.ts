import { defineKind } from '../define.ts';
import type { Endpoints } from '../schema/types.d.ts';
import { none } from '../table.ts';

const shownMax = 3;

function addresses({ subsets }: Endpoints): string {
  if (!subsets?.length) return none;
  const joined = subsets.flatMap(({ addresses, ports }) =>
    (ports?.length ? ports : [undefined]).flatMap((port) =>
      (addresses ?? []).map(({ ip }) => {
        if (port === undefined) return ip;
        return ip.includes(':') ? `[${ip}]:${port.port}` : `${ip}:${port.port}`;
      }),
    ),
  );
  const more = joined.length > shownMax ? ` + ${joined.length - shownMax} more...` : '';
  return joined.slice(0, shownMax).join(',') + more;
}

export const endpoints = defineKind<Endpoints>({
  kind: 'Endpoints',
  resource: 'endpoints',
  shortNames: ['ep'],
  columns: [{ name: 'Endpoints', type: 'string', value: addresses }],
  defaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP';
  },
});
