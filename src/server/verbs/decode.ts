import type { Kind } from '../../api/kind.ts';
import { apiVersionOf } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { decodeFields } from '../../api/schema/decode.ts';
import { definition } from '../../api/schema/definitions.ts';
import { strictFindings, unfit } from '../../api/schema/misfit.ts';
import { badRequest } from '../../api/status.ts';
import { notSupported } from '../../api/validation/errors.ts';
import { isObject } from '../../foundation/json.ts';
import { readBody } from '../body.ts';
import type { Context } from '../context.ts';
import type { ServerRequest } from '../request.ts';
import { refusedOption } from './options.ts';

type Validation = 'Strict' | 'Warn' | 'Ignore';

/** The object in the body of a create or update, as the kind's schema knows it. Throws BadRequest. */
export async function decodeObject(context: Context, kind: Kind = context.kind): Promise<KubernetesObject> {
  const { value, duplicates } = await readBody(context.request, validationOf(context) !== 'Ignore');
  return checkObject(context, kind, value, duplicates);
}

/**
 * The body of a request for a subresource, or the options of a delete: a built-in type that is not the kind of the path.
 * An empty one when there is no body. Throws BadRequest.
 */
export async function decodeAs<Type extends object>(request: ServerRequest, name: string): Promise<Type> {
  const value = (await readBody(request)).value ?? {};
  const [version, type] = name.split('.').slice(-2) as [string, string];
  if (!isObject(value)) throw badRequest(`the body must be a ${type} object`);
  const { mismatch } = decodeFields(definition(name), value);
  if (mismatch !== undefined) throw unfit(type, version, { mismatch });
  return value as Type;
}

/** Fits `value`, which it changes, to `kind`; warns of, refuses or ignores what the kind's schema does not know. */
export function checkObject(
  context: Context,
  kind: Kind,
  value: unknown,
  duplicates: string[] = [],
  validation: Validation = validationOf(context),
  keepsEmpty = false,
): KubernetesObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest(`the body must be a ${kind.kind} object`);
  const object = value as KubernetesObject;
  const expected = apiVersionOf(kind);
  object.apiVersion ??= expected;
  object.kind ??= kind.kind;
  if (object.apiVersion !== expected)
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${expected})`,
    );
  if (object.kind !== kind.kind)
    throw badRequest(`the kind in the data (${object.kind}) does not match the expected kind (${kind.kind})`);
  const { unknown, mismatch } = decodeFields(kind.schema, object, keepsEmpty);
  if (mismatch !== undefined) throw unfit(kind.kind, kind.version, { mismatch });
  object.metadata ??= { name: '' };
  const findings = strictFindings(unknown, duplicates);
  if (findings.length === 0) return object;
  if (validation === 'Strict') throw unfit(kind.kind, kind.version, { strict: findings });
  if (validation === 'Warn') for (const finding of findings) context.warn(finding);
  return object;
}

export function validationOf({ target }: Context): Validation {
  const asked = target.query.get('fieldValidation') || 'Warn';
  if (asked === 'Strict' || asked === 'Warn' || asked === 'Ignore') return asked;
  throw refusedOption(target.verb, notSupported('fieldValidation', asked, ['', 'Ignore', 'Strict', 'Warn']));
}

/** Reads `dryRun`: only `All` is known. */
export function readDryRun(query: URLSearchParams, verb: string): boolean {
  const asked = query.getAll('dryRun');
  if (asked.some((value) => value !== 'All')) throw refusedOption(verb, notSupported('dryRun', asked, ['All']));
  return asked.length > 0;
}
