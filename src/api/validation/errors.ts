import type { FieldError } from '../status.ts';

/**
 * The errors of one field, worded as upstream's k8s.io/apimachinery/pkg/util/validation/field: clients and people
 * search for these messages.
 */
const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? 'null');
  return text.length > 512 ? `${text.slice(0, 512)}…` : text;
};
const withDetail = (message: string, detail: string) => (detail === '' ? message : `${message}: ${detail}`);

export const required = (field: string, detail = ''): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: withDetail('Required value', detail),
});

export const invalidValue = (field: string, value: unknown, detail: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: withDetail(`Invalid value: ${shown(value)}`, detail),
});

export const notSupported = (field: string, value: unknown, allowed: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${shown(value)}: supported values: ${[...allowed].sort().map(shown).join(', ')}`,
});

export const forbiddenValue = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: withDetail('Forbidden', detail),
});

export const duplicate = (field: string, value: unknown): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${shown(value)}`,
});

export const notFound = (field: string, value: unknown, detail = ''): FieldError => ({
  reason: 'FieldValueNotFound',
  field,
  message: withDetail(`Not found: ${shown(value)}`, detail),
});

export const tooLong = (field: string, bytesMax: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${bytesMax} bytes`,
});

export const tooMany = (field: string, count: number, countMax: number): FieldError => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${count}: must have at most ${countMax} items`,
});

/** The wording of every field that may not change (ValidateImmutableField). */
export const immutable = (field: string, value: unknown): FieldError =>
  invalidValue(field, value, 'field is immutable');

/** More than this help nobody, and would make a large answer of a large mistake. */
const errorsMax = 100;

/**
 * What the checks of an object add their errors to. A list that is full ends the validation: a mistake that is made a
 * million times is not looked for a million times.
 */
export class ErrorList extends Array<FieldError> {
  static override get [Symbol.species]() {
    return Array;
  }

  override push(...errors: FieldError[]): number {
    super.push(...errors);
    if (this.length >= errorsMax) throw new TooManyErrors(this);
    return this.length;
  }
}

class TooManyErrors extends Error {
  readonly errors: FieldError[];

  constructor(errors: FieldError[]) {
    super(`there are more than ${errorsMax} errors`);
    this.errors = errors;
  }
}

/** Every error that `check` finds once, or those of the list that was full first. */
export function errorsOf(check: () => FieldError[]): FieldError[] {
  try {
    return unique(check());
  } catch (error) {
    if (error instanceof TooManyErrors) return unique(error.errors);
    throw error;
  }
}

/** Two checks may find the same thing missing: it is said once. */
function unique(errors: FieldError[]): FieldError[] {
  if (errors.length < 2) return [...errors];
  const found = new Map<string, FieldError>();
  for (const error of errors) {
    const { field, reason, message } = error;
    const key = `${field} ${reason === 'FieldValueRequired' ? reason : message}`;
    if (!found.has(key)) found.set(key, error);
    if (found.size === errorsMax) break;
  }
  return [...found.values()];
}
