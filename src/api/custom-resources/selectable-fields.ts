import type { JSONSchemaProps, SelectableField } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { duplicate, invalidValue, required, tooMany } from '../validation/errors.ts';

const fieldsMax = 8;

/** Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation, ValidateCustomResourceSelectableFields. */
export function validateSelectableFields(
  fields: SelectableField[],
  root: JSONSchemaProps | undefined,
  at: string,
  errors: FieldError[],
): void {
  const seen = new Set<string>();
  fields.forEach(({ jsonPath: path }, index) => {
    const field = `${at}[${index}].jsonPath`;
    if (!path) {
      errors.push(required(field));
      return;
    }
    const found = root && schemaAt(path, root);
    if (!found) errors.push(invalidValue(field, path, 'is an invalid path: does not refer to a valid field'));
    else if (path.startsWith('.metadata.'))
      errors.push(invalidValue(field, path, 'must not point to fields in metadata'));
    else if (!['boolean', 'integer', 'string'].includes(found.type ?? ''))
      errors.push(invalidValue(field, path, 'must point to a field of type string, boolean or integer'));
    if (seen.has(path)) errors.push(duplicate(field, path));
    seen.add(path);
  });
  if (seen.size > fieldsMax) errors.push(tooMany(at, seen.size, fieldsMax));
}

function schemaAt(path: string, root: JSONSchemaProps): JSONSchemaProps | undefined {
  if (!path.startsWith('.')) return undefined;
  let schema: JSONSchemaProps | undefined = root;
  for (const name of path.slice(1).split('.')) {
    const properties: Record<string, JSONSchemaProps> = schema?.properties ?? {};
    schema = Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  return schema;
}
