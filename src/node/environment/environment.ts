import type { ConfigMap, Container as ContainerSpec, EnvVar, Pod, Secret, Service } from '../../api/schema/types.d.ts';
import { ConfigError } from '../security.ts';
import { expand } from './expand.ts';
import { fieldValue, type NodeFacts, resourceValue } from './field-ref.ts';
import { serviceVariables, type Variable } from './service-variables.ts';

/** Where values come from. Reads reject when the API cannot be asked and give undefined when the object is absent. */
export type EnvironmentSources = {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** Services of a namespace, and `kubernetes` of `default`. */
  services(namespace: string): Service[];
};

/**
 * The environment of one container: service variables, then envFrom, then env, a later name replacing an earlier one.
 * Throws ConfigError naming the object and key when something required is missing.
 */
export async function environment(
  pod: Pod,
  container: ContainerSpec,
  facts: NodeFacts,
  sources: EnvironmentSources,
): Promise<Variable[]> {
  const namespace = pod.metadata!.namespace!;
  const links = new Map(serviceVariables(linkedServices(pod, sources)).map(({ name, value }) => [name, value]));
  const result = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    const { configMapRef, secretRef, prefix = '' } = source;
    const data = configMapRef
      ? await dataOf('configmap', configMapRef, namespace, sources)
      : secretRef
        ? await dataOf('secret', secretRef, namespace, sources)
        : {};
    for (const [key, value] of Object.entries(data)) result.set(prefix + key, value);
  }
  for (const variable of container.env ?? []) {
    const lookUp = (name: string) => result.get(name) ?? links.get(name);
    const value = await variableValue(pod, container, variable, facts, sources, lookUp);
    if (value !== undefined) result.set(variable.name, value);
  }
  for (const [name, value] of links) if (!result.has(name)) result.set(name, value);
  return [...result].map(([name, value]) => ({ name, value }));
}

function linkedServices(pod: Pod, sources: EnvironmentSources): Service[] {
  const namespace = pod.metadata!.namespace!;
  const api = sources.services('default').filter(({ metadata }) => metadata?.name === 'kubernetes');
  if (pod.spec!.enableServiceLinks === false) return api;
  const own = sources.services(namespace);
  return namespace === 'default' ? own : [...api, ...own.filter(({ metadata }) => metadata?.name !== 'kubernetes')];
}

async function variableValue(
  pod: Pod,
  container: ContainerSpec,
  { name, value, valueFrom }: EnvVar,
  facts: NodeFacts,
  sources: EnvironmentSources,
  lookUp: (name: string) => string | undefined,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expand(value ?? '', lookUp);
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, facts);
  if (resourceFieldRef) return resourceValue(pod, container.name, resourceFieldRef as { resource: string }, facts);
  const reference = configMapKeyRef ?? secretKeyRef;
  if (reference === undefined) throw new ConfigError(`env ${name}: valueFrom names no source`);
  const kind = configMapKeyRef ? 'configmap' : 'secret';
  const data = await dataOf(kind, reference, pod.metadata!.namespace!, sources);
  if (Object.hasOwn(data, reference.key)) return data[reference.key];
  if (reference.optional) return undefined;
  throw new ConfigError(`couldn't find key ${reference.key} in ${kind} ${pod.metadata!.namespace}/${reference.name}`);
}

async function dataOf(
  kind: 'configmap' | 'secret',
  { name = '', optional }: { name?: string; optional?: boolean },
  namespace: string,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const object = kind === 'secret' ? await sources.secret(namespace, name) : await sources.configMap(namespace, name);
  if (object === undefined && optional) return {};
  if (object === undefined) throw new ConfigError(`${kind} "${name}" not found`);
  if (kind === 'configmap') return (object as ConfigMap).data ?? {};
  const data = Object.entries((object as Secret).data ?? {});
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value as string, 'base64').toString()]));
}
