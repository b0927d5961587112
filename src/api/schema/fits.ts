import type { Schema } from './schema.ts';

const quantity = /^\d{1,9}(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

/**
 * Is this surely a value in which `decodeFields` finds nothing? Most are, and it costs a tenth: nothing is copied or
 * changed. False says only that decoding has to tell. The caller bounds how deep the value nests.
 */
export function surelyFits(schema: Schema, value: unknown): boolean {
  switch (schema.type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value) && fieldsFit(schema, value);
    case 'array':
      return Array.isArray(value) && value.every((item) => surelyFits(schema.items ?? {}, item));
    case 'string':
      if (schema['x-kubernetes-int-or-string'])
        return typeof value === 'string' || (typeof value === 'number' && (value | 0) === value);
      if (typeof value !== 'string' || schema.format !== undefined) return false;
      return schema.definition === undefined || quantity.test(value);
    case 'integer':
      return typeof value === 'number' && (value | 0) === value;
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return false;
  }
}

function fieldsFit({ properties, additionalProperties: items }: Schema, value: object): boolean {
  for (const key in value) {
    const inner = (value as Record<string, unknown>)[key];
    const property = properties === undefined ? items : Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (typeof property !== 'object') return false;
    // The common case by far, without a call.
    if (typeof inner === 'string' && property.type === 'string' && !property.format && !property.definition) continue;
    if (!surelyFits(property, inner)) return false;
  }
  return true;
}
