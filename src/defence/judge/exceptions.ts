import { UsageError } from '../../foundation/usage-error.ts';
import { checks } from '../checks.ts';
import type { Manifest, Unassessed } from '../contract.ts';
import { formatField } from '../field.ts';
import { readDocuments } from '../manifests/documents.ts';
import { loadManifests } from '../manifests/load.ts';
import { refKey } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Failure } from './judge.ts';

const exceptionApiVersion = 'defence.rempart.io/v1alpha1';

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
  /** `exceptions.yaml:4`, `ConfigMap shop/exceptions, key front`. */
  from: string;
  /** Where it is a file. */
  file?: string;
  line?: number;
};

/** `until 2027-06-30`, for reports. What a release waives itself never expires. */
export const expiryText = ({ expires, expired }: Pick<Exception, 'expires' | 'expired'>): string => {
  if (expired) return `EXPIRED ${expires}: what it waived counts again`;
  return expires === 'never' ? 'does not expire' : `until ${expires}`;
};

/** `Service shop/front spec.type`; what a release waives itself is told by its reason. */
export const excusedText = ({ object, field }: Pick<Exception, 'object' | 'field'>): string =>
  object.kind === '*' ? '' : `${refKey(object)}${field === undefined ? '' : ` ${field}`}`;

/** Why an exception counts for nothing: `(nothing it names was found)`. */
export function unusedText({ check }: Pick<Exception, 'check'>): string {
  if (checks.some(({ id }) => id === check)) return '(nothing it names was found)';
  return `(there is no check "${check}": docs/checks.md names them)`;
}

/** Exceptions of a file. Throws UsageError for one that says not why, who, for what or until when. */
export function loadExceptions(file: string, nowMs: number): Exception[] {
  const { objects, unreadable, unassessed } = loadManifests(file);
  const wrong = unreadable[0] ?? unassessed[0];
  if (wrong) throw new UsageError(`${wrong.what}: ${wrong.why}. ${form}`);
  return objects.map(({ object, origin }) => {
    const line = origin.lineOf([]);
    const exception = readException(object, (field) => `${file}:${origin.lineOf(field)}`, nowMs);
    return { ...exception, file, line };
  });
}

const form = `An exception is an object, kind Exception of ${exceptionApiVersion}: docs/recipes/judge-another-cluster.md`;

const exceptionsMax = 10_000;
/** A ConfigMap with it holds exceptions, one in each key. */
const exceptionsLabel = 'defence.rempart.io/exceptions';
/** Only who may write here excuses what is not of one namespace. */
const clusterNamespace = 'kube-system';

/**
 * Exceptions that a cluster holds: objects of kind Exception where they are served, and ConfigMaps labelled
 * `defence.rempart.io/exceptions=true`, whose keys hold the same as YAML. One in a namespace counts for objects of that
 * namespace, one in kube-system for all. Those that cannot count are told, each with why.
 */
export function clusterExceptions(snapshot: Snapshot, nowMs: number): { found: Exception[]; invalid: Unassessed[] } {
  const found: Exception[] = [];
  const invalid: Unassessed[] = [];
  const add = (read: () => unknown, namespace: string, from: string) => {
    try {
      if (found.length >= exceptionsMax) throw new UsageError(`${from}: more than ${exceptionsMax} exceptions`);
      found.push(
        limitedTo(
          namespace,
          readException(read() as Manifest, () => from, nowMs),
        ),
      );
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      invalid.push({ what: `exception in ${from}`, why: error.message.replace(`${from}: `, '') });
    }
  };
  for (const object of snapshot.of('Exception.defence.rempart.io')) {
    const namespace = object.metadata.namespace ?? '';
    add(() => object, namespace, `Exception ${namespace}/${object.metadata.name}`);
  }
  for (const { metadata, data } of snapshot.of('ConfigMap')) {
    if (metadata.labels?.[exceptionsLabel] !== 'true') continue;
    const namespace = metadata.namespace ?? '';
    for (const [key, text] of Object.entries(data ?? {})) {
      const from = `ConfigMap ${namespace}/${metadata.name}, key ${key}`;
      add(() => oneDocument(text, from), namespace, from);
    }
  }
  return { found, invalid };
}

function oneDocument(text: unknown, from: string): unknown {
  const { documents, broken } = readDocuments(String(text));
  const [document, second] = documents.filter(({ value }) => value !== null);
  if (broken[0]) throw new UsageError(`${from}: line ${broken[0].line}: ${broken[0].error}`);
  if (document === undefined || second !== undefined) throw new UsageError(`${from}: not exactly one Exception`);
  return document.value;
}

function limitedTo(namespace: string, exception: Exception): Exception {
  if (namespace === clusterNamespace) return exception;
  const { object, from } = exception;
  if (object.kind === 'Namespace' || (object.namespace !== '' && object.namespace !== namespace))
    throw new UsageError(`${from}: counts for objects of its own namespace; others belong in ${clusterNamespace}`);
  return { ...exception, object: { ...object, namespace } };
}

const specFields = ['check', 'object', 'field', 'reason', 'owner', 'expires'];

/** `place` is for messages: where a field stands. */
function readException(object: Manifest, place: (field: string[]) => string, nowMs: number): Exception {
  if (object?.kind !== 'Exception' || object.apiVersion !== exceptionApiVersion)
    throw new UsageError(`${place(['kind'])}: not an Exception. ${form}`);
  const { spec } = object;
  const named = String(object.metadata?.name ?? '');
  const text = (key: string): string => {
    const value = spec?.[key];
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw new UsageError(`${place(['spec', key])}: exception "${named}" needs spec.${key}`);
  };
  const { kind, namespace = '', name } = spec?.object ?? {};
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof namespace !== 'string')
    throw new UsageError(`${place(['spec', 'object'])}: spec.object needs kind and name, and namespace is a text`);
  // What is misspelt could have meant less: it would be excused all the same.
  for (const key of Object.keys(spec))
    if (!specFields.includes(key))
      throw new UsageError(`${place(['spec', key])}: spec.${key} is none of ${specFields.join(', ')}`);
  const expires = text('expires');
  const endMs = Date.parse(`${expires}T23:59:59.999Z`);
  // A day that is not in its month would be read as one of the next.
  if (Number.isNaN(endMs) || new Date(endMs).toISOString() !== `${expires}T23:59:59.999Z`)
    throw new UsageError(`${place(['spec', 'expires'])}: spec.expires is a day such as 2027-06-30`);
  return {
    name: named,
    check: text('check'),
    object: { kind, namespace, name },
    ...(spec.field === undefined ? {} : { field: text('field') }),
    reason: text('reason'),
    owner: text('owner'),
    expires,
    expired: endMs < nowMs,
    from: place([]),
  };
}

/** The exception that waives a failure, were it not expired. */
export function exceptionFor({ check, judged, finding }: Failure, exceptions: Exception[]): Exception | undefined {
  const { kind, metadata } = judged.object;
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
