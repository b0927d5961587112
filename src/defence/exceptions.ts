import { UsageError } from '../foundation/usage-error.ts';
import { formatField } from './field.ts';
import type { Failure } from './judge.ts';
import { loadManifests } from './manifests/load.ts';

export const exceptionApiVersion = 'defence.rempart.io/v1alpha1';

/**
 * A waiver, written as an object:
 *
 *     apiVersion: defence.rempart.io/v1alpha1
 *     kind: Exception
 *     metadata: { name: front-is-public }
 *     spec:
 *       check: exposure/node-port
 *       object: { kind: Service, namespace: shop, name: front }
 *       reason: …
 *       owner: …
 *       expires: 2027-06-30
 */
export type Exception = {
  name: string;
  check: string;
  object: { kind: string; namespace: string; name: string };
  /** Only findings at this field or below it. */
  field?: string;
  reason: string;
  owner: string;
  /** The last day on which it counts (UTC), `2027-06-30`. */
  expires: string;
  expired: boolean;
  file: string;
  line: number;
};

/** Exceptions of a file. Throws UsageError for one that says not why, who, for what or until when. */
export function loadExceptions(file: string, nowMs: number): Exception[] {
  const { objects, unreadable, unassessed } = loadManifests(file);
  const wrong = unreadable[0] ?? unassessed[0];
  if (wrong) throw new UsageError(`${wrong.what}: ${wrong.why}`);
  return objects.map(({ object, origin }) => {
    const place = (field: string[]) => `${file}:${origin.lineOf(field)}`;
    if (object.kind !== 'Exception' || object.apiVersion !== exceptionApiVersion)
      throw new UsageError(`${place(['kind'])}: not an Exception of ${exceptionApiVersion}`);
    const text = (key: string): string => {
      const value = object['spec']?.[key];
      if (typeof value === 'string' && value.trim() !== '') return value;
      throw new UsageError(`${place(['spec', key])}: exception "${object.metadata.name}" needs spec.${key}`);
    };
    const { kind, namespace, name } = object['spec']?.object ?? {};
    if (typeof kind !== 'string' || typeof name !== 'string')
      throw new UsageError(`${place(['spec', 'object'])}: spec.object needs kind and name`);
    const expires = text('expires');
    const endMs = Date.parse(`${expires}T23:59:59.999Z`);
    if (!/^\d{4}-\d\d-\d\d$/.test(expires) || Number.isNaN(endMs))
      throw new UsageError(`${place(['spec', 'expires'])}: spec.expires is a day such as 2027-06-30`);
    return {
      ...{
        name: object.metadata.name,
        check: text('check'),
        object: { kind, namespace: String(namespace ?? ''), name },
      },
      ...(typeof object['spec'].field === 'string' ? { field: object['spec'].field } : {}),
      ...{
        reason: text('reason'),
        owner: text('owner'),
        expires,
        expired: endMs < nowMs,
        file,
        line: origin.lineOf([]),
      },
    };
  });
}

/** The exception that waives a failure, were it not expired. */
export function exceptionFor({ check, subject, finding }: Failure, exceptions: Exception[]): Exception | undefined {
  const { kind, metadata } = subject.object;
  const at = formatField(finding.field);
  return exceptions.find(
    ({ check: id, object, field }) =>
      id === check.id &&
      object.kind === kind &&
      object.name === metadata.name &&
      object.namespace === (metadata.namespace ?? '') &&
      (field === undefined || at === field || at.startsWith(`${field}.`) || at.startsWith(`${field}[`)),
  );
}
