import type { ColumnOf } from './define.ts';
import type { Column, Kind } from './kind.ts';
import type { KubernetesObject } from './object.ts';
import { type LabelSelector, showSelector } from './selectors.ts';

/** What kubectl shows for a field that is not set. */
export const none = '<none>';

export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  value: ({ metadata }) => metadata.name,
};
export const ageColumn: Column = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  value: ({ metadata }, nowMs) => since(metadata.creationTimestamp, nowMs),
};

/**
 * All columns of a kind's table in kubectl's order: name, what the kind says, age, and then what only `-o wide` shows.
 */
export function tableColumns(kind: Kind): Column[] {
  if (kind.wholeTable) return kind.columns;
  const isWide = (column: Column) => (column.priority ?? 0) > 0;
  return [nameColumn, ...kind.columns.filter((column) => !isWide(column)), ageColumn, ...kind.columns.filter(isWide)];
}

/** The time since a timestamp, as `5d3h`; `<unknown>` when there is none. */
export function since(timestamp: string | undefined, nowMs: number): string {
  const thenMs = timestamp === undefined ? Number.NaN : Date.parse(timestamp);
  return Number.isNaN(thenMs) ? '<unknown>' : humanDuration(nowMs - thenMs);
}

/** Two units at most, fewer the older: as k8s.io/apimachinery/pkg/util/duration, HumanDuration. */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60 * 2) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 60 * 3) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 365 * 2) return `${days}d`;
  if (days < 365 * 8) return pair(Math.floor(days / 365), 'y', days % 365, 'd');
  return `${Math.floor(days / 365)}y`;
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;

/** `a=b,c=d`, sorted; `<none>` when empty. */
export function showLabels(labels: Record<string, string> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? none : pairs.sort().join(',');
}

type Container = { name: string; image?: string };

/** The wide columns that every kind with a pod template has. */
export function containerColumns<T>(containersOf: (object: T) => Container[] | undefined) {
  const join = (key: 'name' | 'image') => (object: T) =>
    (containersOf(object) ?? []).map((container) => container[key] ?? '').join(',');
  return [
    { name: 'Containers', type: 'string' as const, priority: 1, value: join('name') },
    { name: 'Images', type: 'string' as const, priority: 1, value: join('image') },
  ];
}

type Templated = { spec?: { template?: { spec?: { containers?: Container[] } }; selector?: LabelSelector } };

/** The wide columns of kinds that select the pods of their template. */
export const templateColumns: ColumnOf<Templated>[] = [
  ...containerColumns<Templated>(({ spec }) => spec?.template?.spec?.containers),
  { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showSelector(spec?.selector) },
];

/** The condition of a type, as most statuses hold them. */
export const conditionOf = (object: KubernetesObject, type: string) =>
  (object.status?.conditions ?? []).find((condition: { type: string }) => condition.type === type);

/** Kinds of old whose printer shows the time itself instead of an age. */
export const createdAtColumn: Column = {
  name: 'Created At',
  type: 'date',
  value: ({ metadata }) => metadata.creationTimestamp ?? '',
};
