const declared = new Map<string, readonly string[]>();

/**
 * Declares which values fields may have, such as `core.v1.ServiceSpec.type`. What it returns is what the validation
 * compares with and what OpenAPI tells: neither has a list of its own.
 */
export function enumOf(values: string[], ...fields: string[]): string[] {
  for (const field of fields) declared.set(field, values);
  return values;
}

/** What was declared, by field. */
export const declaredEnums = (): ReadonlyMap<string, readonly string[]> => declared;
