import { type ApiError, badRequest } from '../status.ts';
import type { Schema } from './schema.ts';

export type Decoded = {
  /** Fields that the schema does not know: `spec.foo`. They are gone from the value. */
  unknown: string[];
  /** The first value of a wrong type, in upstream's words. */
  mismatch: string | undefined;
};

/** What was found on the way through a value; the first `depth` keys of `path` lead to where it is. */
export type Findings = Decoded & { path: (string | number)[]; depth: number };

const findingsMax = 20;

/** `spec.containers[0].image`. */
export function pathOf({ path: keys, depth }: Pick<Findings, 'path' | 'depth'>): string {
  let path = '';
  for (const key of keys.slice(0, depth)) path += typeof key === 'number' ? `[${key}]` : path === '' ? key : `.${key}`;
  return path;
}

export function tellUnknown({ unknown, path, depth }: Findings, key: string): void {
  path[depth] = key;
  if (unknown.length < findingsMax) unknown.push(pathOf({ path, depth: depth + 1 }));
}

/** Only the first is told. Returns what the value is replaced by: nothing. */
export function fail(findings: Findings, message: string): undefined {
  findings.mismatch ??= message;
  return undefined;
}

/**
 * Go's words: `cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`. `owner` is the
 * definition that has the field.
 */
export function wrong(schema: Schema, value: unknown, owner: string, findings: Findings): undefined {
  if (findings.mismatch !== undefined) return undefined;
  const path = pathOf(findings);
  const got = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const shown = got === 'number' && schema.type === 'integer' ? `number ${value}` : got;
  const structure = owner === '' ? '' : `${owner.split('.').at(-1)}.`;
  const place = path === '' ? 'Go value' : `Go struct field ${structure}${path.replaceAll(/\[\d+\]/g, '')}`;
  return fail(findings, `cannot unmarshal ${shown} into ${place} of type ${goType(schema)}`);
}

function goType(schema: Schema): string {
  if (schema.type === 'array') return `[]${goType(schema.items ?? {})}`;
  if (schema.definition) return schema.definition.split('.').slice(-2).join('.');
  if (schema.additionalProperties) return `map[string]${goType(schema.additionalProperties as Schema)}`;
  if (schema.format === 'byte') return '[]uint8';
  if (schema.type === 'integer') return schema.format ?? 'int64';
  return schema.type === 'boolean' ? 'bool' : (schema.type ?? 'interface {}');
}

/** What a write of unfit fields is answered with; `kind` and `version` are those of the request's path. */
export function unfit(kind: string, version: string, findings: { mismatch?: string; strict?: string[] }): ApiError {
  const why = findings.mismatch
    ? `json: ${findings.mismatch}`
    : `strict decoding error: ${findings.strict?.join(', ')}`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`);
}

/**
 * Messages of fieldValidation: errors when Strict, warnings when Warn. An unknown field that is given twice is unknown,
 * once. Source: sigs.k8s.io/json, strict errors.
 */
export const strictFindings = (unknown: string[], duplicates: string[]): string[] => [
  ...unknown.map((field) => `unknown field "${field}"`),
  ...duplicates.filter((field) => !unknown.includes(field)).map((field) => `duplicate field "${field}"`),
];
