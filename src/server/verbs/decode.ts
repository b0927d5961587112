import type { Kind } from '../../api/kind.ts';
import { apiVersionOf } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { readBody } from '../body.ts';
import type { Context } from '../context.ts';
import { decodeFields } from '../fields.ts';

type Validation = 'Strict' | 'Warn' | 'Ignore';

/** The object in the body of a create or update, as the kind's schema knows it. Throws BadRequest. */
export async function decodeObject(context: Context, kind: Kind = context.kind): Promise<KubernetesObject> {
  const { value, duplicates } = await readBody(context.request);
  return checkObject(context, kind, value, duplicates);
}

/** Copies `value` as an object of `kind`, and warns of, refuses or ignores what its schema does not know. */
export function checkObject(context: Context, kind: Kind, value: unknown, duplicates: string[] = []): KubernetesObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest(`the body must be a ${kind.kind} object`);
  const { apiVersion = apiVersionOf(kind), kind: name = kind.kind } = value as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== apiVersionOf(kind))
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${apiVersionOf(kind)})`,
    );
  if (name !== kind.kind)
    throw badRequest(`the kind in the data (${name}) does not match the expected kind (${kind.kind})`);
  const { value: object, unknown, mismatches } = decodeFields(kind.schema, value);
  if (mismatches.length > 0)
    throw badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${mismatches.join('; ')}`,
    );
  report(context, [
    ...unknown.map((field) => `unknown field "${field}"`),
    ...duplicates.map((field) => `duplicate field "${field}"`),
  ]);
  object.kind = name;
  object.apiVersion = apiVersion;
  object.metadata ??= {};
  return object;
}

function report(context: Context, findings: string[]): void {
  if (findings.length === 0) return;
  const validation = validationOf(context);
  if (validation === 'Strict') throw badRequest(`strict decoding error: ${findings.join(', ')}`);
  if (validation === 'Warn') for (const finding of findings) context.warn(finding);
}

function validationOf({ target }: Context): Validation {
  const asked = target.query.get('fieldValidation') || 'Warn';
  if (asked === 'Strict' || asked === 'Warn' || asked === 'Ignore') return asked;
  throw badRequest(`fieldValidation: Unsupported value: "${asked}": supported values: "Ignore", "Strict", "Warn"`);
}

/** Reads `dryRun`: only `All` is known. */
export function readDryRun(query: URLSearchParams): boolean {
  const asked = query.getAll('dryRun').filter((value) => value !== '');
  if (asked.some((value) => value !== 'All'))
    throw new ApiError('BadRequest', `dryRun: Unsupported value: "${asked.join(',')}": supported values: "All"`);
  return asked.length > 0;
}
