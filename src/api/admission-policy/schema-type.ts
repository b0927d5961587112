import { bool, double, dyn, int, listOf, mapOf, string, type Type, timestamp } from '../cel/types/type.ts';
import type { Schema } from '../schema/schema.ts';

const [bytes, duration]: Type[] = [
  { name: 'bytes', params: [] },
  { name: 'duration', params: [] },
];
const formats: Record<string, Type> = { byte: bytes!, duration: duration!, date: timestamp, 'date-time': timestamp };
const known = new WeakMap<Schema, Type>();

/**
 * The type that expressions know values of a schema by, named after the field. What has several forms, a quantity or a
 * port, is `dyn`. A built-in schema is a graph, and so is its type.
 * Source: k8s.io/apiserver/pkg/cel/common/schemas.go, SchemaDeclType.
 */
export function typeOfSchema(schema: Schema, name: string): Type {
  if (schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']) return dyn;
  switch (schema.type) {
    case 'array':
      return schema.items === undefined ? dyn : listOf(typeOfSchema(schema.items, `${name}.items`));
    case 'object':
      return typeOfObject(schema, name);
    case 'string':
      // a quantity may be written as a number as well
      if (schema.definition?.endsWith('.Quantity')) return dyn;
      return formats[schema.format ?? ''] ?? string;
    case 'boolean':
      return bool;
    case 'integer':
      return int;
    case 'number':
      return double;
    default:
      return dyn;
  }
}

function typeOfObject(schema: Schema, name: string): Type {
  const { properties, additionalProperties } = schema;
  if (typeof additionalProperties === 'object')
    return mapOf(string, typeOfSchema(additionalProperties, `${name}.values`));
  if (properties === undefined) return dyn;
  const found = known.get(schema);
  if (found !== undefined) return found;
  const fields = new Map<string, Type>();
  const type: Type = { name, params: [], fields };
  known.set(schema, type);
  for (const [key, field] of Object.entries(properties)) fields.set(key, typeOfSchema(field, `${name}.${key}`));
  return type;
}
