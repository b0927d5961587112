import { isIP } from 'node:net';
import { isObject } from '../../foundation/json.ts';
import {
  type FlowEnd,
  type ObservationType,
  type Observed,
  observationTypes,
  protocols,
  type Seen,
  type Window,
} from './observation.ts';

/** Clocks differ: what lies further in the future than this was not seen. */
const futureMsMax = 5 * 60_000;
/** Before the first release of Kubernetes nothing was seen. */
const pastMs = Date.UTC(2014, 5, 6);

/** Longer texts and lists make an observation undefined: who writes one cuts them. */
export const textMax = 512;
export const listMax = 64;
const labelsMax = 64;
/** Of all labels of a pod together: they are kept with each of its flows. */
const labelsLengthMax = 4096;

/**
 * An observation that somebody else wrote down, copied field by field: a field of another form, a time that cannot be,
 * or a text that is too long makes it undefined.
 */
export function decodeObserved<T extends ObservationType>(
  type: T,
  value: unknown,
  nowMs: number,
): Observed[T] | undefined {
  try {
    if (!isObject(value)) return undefined;
    return { ...decoders[type](value), ...seen(value, nowMs) } as Observed[T];
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

export function decodeWindow(value: unknown, nowMs: number): Window | undefined {
  try {
    if (!isObject(value)) return undefined;
    const [fromMs, toMs] = [time(value['fromMs'], nowMs), time(value['toMs'], nowMs)];
    return { source: text(value['source']), fromMs: Math.min(fromMs, toMs), toMs, lost: integer(value['lost'], 0) };
  } catch (error) {
    if (error instanceof Unfit) return undefined;
    throw error;
  }
}

/** Can this have been the time of something that was seen? */
const isPlausible = (timeMs: number, nowMs: number): boolean =>
  Number.isFinite(timeMs) && timeMs >= pastMs && timeMs <= nowMs + futureMsMax;

class Unfit extends Error {}
const unfit = (): never => {
  throw new Unfit();
};

type Fields = Record<string, unknown>;

const decoders: { [T in ObservationType]: (fields: Fields) => Omit<Observed[T], keyof Seen> } = {
  flows: ({ from, to, protocol, port, allowed, drop }) => ({
    ...{ from: end(from), to: end(to), protocol: oneOf(protocols, protocol), port: integer(port, 0, 65_535) },
    allowed: flag(allowed),
    ...(allowed === true ? {} : { drop: decodeDrop(drop) }),
  }),
  calls: ({ user, groups, verb, resource, group, subresource, namespace, name, path, allowed }) => ({
    ...{ user: text(user), groups: texts(groups), verb: text(verb), resource: text(resource), group: text(group) },
    ...{ subresource: text(subresource), namespace: text(namespace), name: text(name), path: text(path) },
    allowed: flag(allowed),
  }),
  addresses: ({ address, user }) => ({ address: ip(address), user: text(user) }),
  images: ({ image, digest, namespace, workload }) => ({
    ...{ image: text(image), digest: text(digest), namespace: text(namespace), workload: text(workload) },
  }),
};

const sides = ['egress', 'ingress', 'node'] as const;
const reasons = ['policy', 'island', 'deny', 'node guard', 'spoofing', 'not programmed'] as const;

function decodeDrop(value: unknown) {
  if (!isObject(value)) return unfit();
  const { side, why, by, nearest, allowance } = value;
  return {
    ...{ side: oneOf(sides, side), why: oneOf(reasons, why), by: texts(by) },
    ...(nearest === undefined ? {} : { nearest: text(nearest) }),
    ...(allowance === undefined ? {} : { allowance: text(allowance) }),
  };
}

function end(value: unknown): FlowEnd {
  if (!isObject(value)) return unfit();
  const { type, namespace, name, workload, labels, address } = value;
  if (type === 'address') return { type, address: ip(address) };
  if (type === 'node') return { type, name: text(name), address: ip(address) };
  if (type !== 'pod') return unfit();
  return {
    ...{ type, namespace: text(namespace), name: text(name) },
    ...(workload === undefined ? {} : { workload: text(workload) }),
    labels: labelsOf(labels),
  };
}

function labelsOf(value: unknown): Record<string, string> {
  if (!isObject(value)) return unfit();
  const entries = Object.entries(value);
  const length = entries.reduce((sum, [key, label]) => sum + key.length + text(label).length, 0);
  if (entries.length > labelsMax || length > labelsLengthMax) return unfit();
  return Object.fromEntries(entries.map(([key, label]) => [text(key), text(label)]));
}

function seen({ firstMs, lastMs, count }: Fields, nowMs: number): Seen {
  const [first, last] = [time(firstMs, nowMs), time(lastMs, nowMs)];
  return { firstMs: Math.min(first, last), lastMs: last, count: integer(count, 1) };
}

const text = (value: unknown): string => (typeof value === 'string' && value.length <= textMax ? value : unfit());
const ip = (value: unknown): string => (isIP(text(value)) === 0 ? unfit() : (value as string));
const flag = (value: unknown): boolean => (typeof value === 'boolean' ? value : unfit());
const texts = (value: unknown): string[] =>
  Array.isArray(value) && value.length <= listMax ? value.map(text) : unfit();
const integer = (value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max ? (value as number) : unfit();
const time = (value: unknown, nowMs: number): number =>
  typeof value === 'number' && isPlausible(value, nowMs) ? value : unfit();
const oneOf = <T extends string>(known: readonly T[], value: unknown): T =>
  known.includes(value as T) ? (value as T) : unfit();

export const isObservationType = (value: unknown): value is ObservationType =>
  observationTypes.includes(value as ObservationType);
