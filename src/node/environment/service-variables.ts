import type { Service } from '../../api/schema/types.d.ts';

export type Variable = { name: string; value: string };

/** More than this would push a process over the kernel's limit on arguments and environment. */
const maxServices = 1000;

/**
 * `NAME_SERVICE_HOST` and the older Docker-link variables of each service, as `enableServiceLinks` promises:
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function serviceVariables(services: Service[]): Variable[] {
  return services
    .filter(({ spec }) => spec?.clusterIP && spec.clusterIP !== 'None' && (spec.ports ?? []).length > 0)
    .slice(0, maxServices)
    .flatMap(variablesOf);
}

function variablesOf({ metadata, spec }: Service): Variable[] {
  const prefix = upper(metadata!.name!);
  const address = spec!.clusterIP!;
  const ports = spec!.ports!;
  const host = address.includes(':') ? `[${address}]` : address;
  const urlOf = (port: (typeof ports)[number]) => `${(port.protocol ?? 'TCP').toLowerCase()}://${host}:${port.port}`;
  const variables: Variable[] = [
    { name: `${prefix}_SERVICE_HOST`, value: address },
    { name: `${prefix}_SERVICE_PORT`, value: String(ports[0]!.port) },
  ];
  for (const port of ports)
    if (port.name) variables.push({ name: `${prefix}_SERVICE_PORT_${upper(port.name)}`, value: String(port.port) });
  variables.push({ name: `${prefix}_PORT`, value: urlOf(ports[0]!) });
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    variables.push(
      { name: link, value: urlOf(port) },
      { name: `${link}_PROTO`, value: protocol.toLowerCase() },
      { name: `${link}_PORT`, value: String(port.port) },
      { name: `${link}_ADDR`, value: address },
    );
  }
  return variables;
}

const upper = (name: string) => name.toUpperCase().replaceAll('-', '_');
