import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { definition, definitionNames, kindOfDefinition } from '../src/api/schema/definitions.ts';
import type { Schema } from '../src/api/schema/schema.ts';

/**
 * Writes src/api/schema/types.d.ts: one type per definition of the built-in API, named after it. Names that several
 * groups have get the group in front (`CoreEvent`, `EventsEvent`); of several versions the newest has the plain name.
 * Types, not interfaces: only types are assignable to KubernetesObject with its open fields.
 */
const metadataName = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** Written by hand in object.ts. */
const ownedElsewhere = new Set([metadataName, 'io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference']);

const parts = (name: string) => {
  const [group, version, kind] = name.split('.').slice(-3) as [string, string, string];
  return { group, version, kind };
};
const capital = (word: string) => word[0]!.toUpperCase() + word.slice(1);

/** A definition without fields is a plain value, such as Time and Quantity: it is written where it is used. */
const structures = definitionNames().filter((name) => definition(name).properties);

const byKind = Map.groupBy(structures, (name) => parts(name).kind);

function typeName(name: string): string {
  const { group, version, kind } = parts(name);
  const same = byKind.get(kind)!.map(parts);
  const ofGroup = same.filter((other) => other.group === group);
  const newest = ofGroup.every((other) => other.version <= version);
  if (!newest) return `${capital(group)}${version.toUpperCase()}${kind}`;
  return same.length > ofGroup.length ? `${capital(group)}${kind}` : kind;
}

function typeOf(schema: Schema, inKind: boolean): string {
  if (schema.definition === metadataName) return inKind ? 'ObjectMeta' : 'Partial<ObjectMeta>';
  if (schema.definition && schema.properties) return typeName(schema.definition);
  if (schema['x-kubernetes-int-or-string']) return 'number | string';
  if (schema.type === 'array') {
    const item = typeOf(schema.items!, false);
    return item.includes(' ') ? `(${item})[]` : `${item}[]`;
  }
  if (typeof schema.additionalProperties === 'object')
    return `Record<string, ${typeOf(schema.additionalProperties, false)}>`;
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  if (schema.type === 'string' || schema.type === 'boolean') return schema.type;
  return 'any';
}

function declare(name: string): string {
  const { properties = {}, required = [] } = definition(name);
  const isKind = kindOfDefinition(name) !== undefined;
  const always = new Set(isKind ? [...required, 'apiVersion', 'kind', 'metadata'] : required);
  const fields = Object.entries(properties).map(([field, schema]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(field) ? field : `'${field}'`;
    return `  ${key}${always.has(field) ? '' : '?'}: ${typeOf(schema, isKind)};\n`;
  });
  return `export type ${typeName(name)} = {\n${fields.join('')}};\n`;
}

const head = `// Written by tools/types.ts from facts.json.
import type { ObjectMeta, OwnerReference } from '../object.ts';
export type { ObjectMeta, OwnerReference };
`;
const body = structures.filter((name) => !ownedElsewhere.has(name)).map(declare);
writeFileSync(join(import.meta.dirname, '../src/api/schema/types.d.ts'), [head, ...body].join('\n'));
