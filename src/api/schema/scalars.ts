import { canonicalQuantity } from '../../foundation/quantity.ts';
import { type Findings, fail, pathOf, wrong } from './misfit.ts';
import type { Schema } from './schema.ts';

/** Fits single values: quantities and times take their canonical form. `owner` as for `wrong`. */
const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const microTimeName = 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime';

export function fitString(schema: Schema, value: unknown, owner: string, findings: Findings): unknown {
  if (schema['x-kubernetes-int-or-string'])
    return typeof value === 'string' || isInteger({ format: 'int32' }, value)
      ? value
      : wrong(schema, value, owner, findings);
  if (schema.definition === quantityName) return fitQuantity(value, findings);
  if (typeof value !== 'string') return wrong(schema, value, owner, findings);
  if (schema.format === 'date-time') return fitTime(value, schema.definition === microTimeName, findings);
  if (schema.format === 'byte' && !isBase64(value)) return fail(findings, `illegal base64 data at ${pathOf(findings)}`);
  return value;
}

function fitQuantity(value: unknown, findings: Findings): unknown {
  const isText = typeof value === 'string' || typeof value === 'number';
  const quantity = isText ? canonicalQuantity(value === '' ? '0' : value) : undefined;
  if (quantity !== undefined) return quantity;
  return fail(
    findings,
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$' " +
      `(${pathOf(findings)}: ${JSON.stringify(value)})`,
  );
}

const canonicalTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const canonicalMicroTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const anyTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in any zone; answered in UTC, to the second, or to the microsecond for MicroTime. */
function fitTime(value: string, isMicro: boolean, findings: Findings): unknown {
  const match = anyTime.exec(value);
  const timeMs = match ? Date.parse(value) : Number.NaN;
  const isRead = match !== null && !Number.isNaN(timeMs);
  if (!isRead || (isMicro && match[1]?.length !== 6)) {
    const layout = `2006-01-02T15:04:05${isRead ? '.000000' : ''}Z07:00`;
    return fail(findings, `parsing time ${JSON.stringify(value)} of ${pathOf(findings)} as "${layout}"`);
  }
  if ((isMicro ? canonicalMicroTime : canonicalTime).test(value)) return value;
  const seconds = new Date(Math.floor(timeMs / 1000) * 1000).toISOString().slice(0, 19);
  return isMicro ? `${seconds}.${match[1]}Z` : `${seconds}Z`;
}

const isBase64 = (value: string) => value.length % 4 === 0 && /^[A-Za-z0-9+/\r\n]*={0,2}$/.test(value);

export function isInteger(schema: Pick<Schema, 'format'>, value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return schema.format === 'int32' ? (value | 0) === value : Number.isSafeInteger(value);
}

/** Of lists and maps, as Go's have no null. */
export function zeroOf({ type, items, 'x-kubernetes-int-or-string': isEither }: Schema): unknown {
  if (isEither || type === 'integer' || type === 'number') return 0;
  if (type === 'boolean') return false;
  if (type === 'array' || items) return [];
  return type === 'object' ? {} : type === 'string' ? '' : null;
}
