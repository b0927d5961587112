import { defineKind } from '../define.ts';
import type { Endpoints } from '../schema/types.d.ts';
import { none } from '../table.ts';
import { checkEndpointAddress } from '../validation/endpoint-address.ts';
import { ErrorList, required } from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../validation/names.ts';
import { checkEnum, checkName, checkOptionalName, checkPort, protocols } from '../validation/values.ts';

const shownMax = 3;

function addresses({ subsets }: Endpoints): string {
  if (!subsets?.length) return none;
  const joined = subsets.flatMap(({ addresses, ports }) =>
    (ports?.length ? ports : [undefined]).flatMap((port) =>
      (addresses ?? []).map(({ ip = '' }) => {
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
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  createdByUpdate: true,
  shortNames: ['ep'],
  validate({ subsets }) {
    const errors = new ErrorList();
    (subsets ?? []).forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, index) => {
      const at = `subsets[${index}]`;
      if (addresses.length + notReadyAddresses.length === 0)
        errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'));
      for (const [list, points] of Object.entries({ addresses, notReadyAddresses }))
        points.forEach(({ ip, hostname, nodeName }, position) => {
          const point = `${at}.${list}[${position}]`;
          checkEndpointAddress(ip, `${point}.ip`, errors);
          if (hostname) checkName(hostname, dnsLabel, `${point}.hostname`, errors);
          checkOptionalName(nodeName, dnsSubdomain, `${point}.nodeName`, errors);
        });
      ports.forEach(({ name, port, protocol, appProtocol }, position) => {
        if (name) checkName(name, dnsLabel, `${at}.ports[${position}].name`, errors);
        else if (ports.length > 1) errors.push(required(`${at}.ports[${position}].name`));
        checkOptionalName(appProtocol, qualifiedName, `${at}.ports[${position}].appProtocol`, errors);
        checkPort(port, `${at}.ports[${position}].port`, errors);
        checkEnum(protocol, protocols, `${at}.ports[${position}].protocol`, errors);
      });
    });
    return errors;
  },
  columns: [{ name: 'Endpoints', type: 'string', value: addresses }],
  defaults({ subsets }) {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP';
  },
});
