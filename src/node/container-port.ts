import type { Container as ContainerSpec } from '../api/schema/types.d.ts';

/** The port of a hook or probe, by number or by the name that the container gives it. Throws when there is none. */
export function portOf(port: number | string, spec: ContainerSpec): number {
  const number = typeof port === 'number' ? port : (spec.ports ?? []).find(({ name }) => name === port)?.containerPort;
  const value = number ?? Number(port);
  if (!Number.isInteger(value) || value < 1 || value > 65_535) throw new Error(`no port named ${JSON.stringify(port)}`);
  return value;
}
