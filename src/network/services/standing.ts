import type { KubernetesObject } from '../../api/object.ts';
import { containerPorts, type WellKnown } from '../../policy/policy.ts';
import type { Frontend, Protocol } from './frontends.ts';

export type WellKnownPlaces = {
  gatewayAddress: string;
  /** The service address of DNS. */
  dnsAddress: string;
  /** The service address of the API, and where it listens. */
  apiServiceAddress: string;
  apiAddress: string;
  apiPort: number;
};

/** What every pod may reach and every cluster has, whether the API says so or not: names and the API. */
export function wellKnownServices(places: WellKnownPlaces): WellKnown[] {
  const { gatewayAddress, dnsAddress, apiServiceAddress, apiAddress, apiPort } = places;
  return [
    {
      name: 'dns',
      protocols: ['UDP', 'TCP'],
      backend: { address: gatewayAddress, port: 53 },
      aliases: [{ address: dnsAddress, port: 53 }],
      namespace: 'kube-system',
      labels: { 'k8s-app': 'kube-dns' },
    },
    {
      name: 'api',
      protocols: ['TCP'],
      backend: { address: apiAddress, port: apiPort },
      aliases: [{ address: apiServiceAddress, port: 443 }],
    },
  ];
}

/** Where well-known services are found. */
export const frontendsOfWellKnown = ({ name, protocols, backend, aliases }: WellKnown): Frontend[] =>
  protocols.flatMap((protocol) =>
    aliases.map(({ address, port }) =>
      plain(`well-known/${name}`, protocol, { address, port }, { ip: backend.address, port: backend.port }),
    ),
  );

/** Ports of the node that lead to a pod (hostPort). */
export const hostPorts = ({ spec, metadata }: KubernetesObject, ip: string): Frontend[] =>
  containerPorts(spec).flatMap(({ protocol = 'TCP', containerPort, hostPort = 0, hostIP }) => {
    if (hostPort <= 0) return [];
    const address = hostIP === undefined || hostIP === '' || hostIP === '0.0.0.0' ? undefined : hostIP;
    const service = `${metadata.namespace}/${metadata.name}`;
    return [plain(service, protocol, { address, port: hostPort }, { ip, port: containerPort })];
  });

/** One backend, for everybody. */
const plain = (
  service: string,
  protocol: string,
  { address, port }: Pick<Frontend, 'address' | 'port'>,
  backend: Frontend['backends'][number],
): Frontend => ({
  ...{ service, address, protocol: protocol.toLowerCase() as Protocol, port, backends: [backend] },
  ...{ outside: undefined, localOnly: false, affinitySeconds: undefined, sourceRanges: undefined },
});
