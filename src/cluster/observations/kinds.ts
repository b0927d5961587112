import { createHash } from 'node:crypto';
import type { Column } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { keyOf } from '../../api/observations/collection.ts';
import { decodeObserved, decodeWindow } from '../../api/observations/decode.ts';
import { describeLine } from '../../api/observations/describe.ts';
import type { Line } from '../../api/observations/lines.ts';
import {
  type Flow,
  type FlowEnd,
  type Observations,
  type ObservationType,
  type Observed,
  observationTypes,
} from '../../api/observations/observation.ts';
import { ApiError, badRequest } from '../../api/status.ts';
import { since } from '../../api/table.ts';
import type { UserInfo } from '../../api/user.ts';
import { formatTime } from '../../foundation/clock.ts';
import { isObject } from '../../foundation/json.ts';
import { printable } from '../../foundation/printable.ts';
import { type VirtualKind, type VirtualRequest, virtualKind } from '../../server/server.ts';
import type { Keeper, NodeReport } from './keeper.ts';

const group = { group: 'defence.rempart.io', version: 'v1alpha1' };
/** More flows than this are told in several reports. */
export const flowsPerReportMax = 1000;

/**
 * `observations` is what was seen, to be read by whoever may; `observationreports` is how nodes tell it. Neither is
 * stored with the cluster's objects.
 */
export const observationKinds = (keeper: Keeper, now: () => number): VirtualKind[] => [
  {
    kind: virtualKind({
      ...{ ...group, kind: 'Observation', resource: 'observations', singular: 'observation', namespaced: true },
      ...{ verbs: ['get', 'list'], shortNames: ['obs'], columns, wholeTable: true },
      description: 'Observation is a flow, address, image or call that was seen in the cluster. Previews rest on them.',
      selectableFields: {
        type: (object) => object['type'],
        allowed: (object) => String(object['observed']?.allowed ?? ''),
      },
    }),
    list: (request) => objectsOf(keeper.observations(), request),
    rank: (object) => listedFirst.indexOf(object['type']),
  },
  {
    kind: virtualKind({
      ...{ ...group, kind: 'ObservationReport', resource: 'observationreports', namespaced: false },
      verbs: ['create'],
      description: 'ObservationReport is how a node tells which flows its pods had. Not stored as an object.',
    }),
    create: (object, { user }) => takeReport(keeper, object, nodeOf(user), now()),
  },
];

/** What people look for stands before what fills pages. */
const listedFirst = ['flows', 'addresses', 'images', 'calls', 'window'];

/** One end in a namespace is enough to be listed there; windows are, everywhere: without them nothing can be concluded. */
function objectsOf(observations: Observations, { namespace, query }: VirtualRequest): KubernetesObject[] {
  const sinceMs = readSince(query.get('since'));
  return observationTypes.flatMap((type) => [
    ...observations[type]
      .filter((observed) => observed.lastMs >= sinceMs)
      .flatMap((observed) => {
        const places = namespacesOf(type, observed);
        if (namespace !== undefined && !places.includes(namespace)) return [];
        return [objectOf(type, keyOf(type, observed), namespace ?? places[0] ?? '', { type, observed })];
      }),
    ...observations.windows[type].map((window) =>
      objectOf('window', `${type} ${window.source} ${window.fromMs}`, namespace ?? '', {
        ...{ type: 'window', of: type, window },
      }),
    ),
  ]);
}

function readSince(value: string | null): number {
  if (value === null) return 0;
  const timeMs = Date.parse(value);
  if (Number.isNaN(timeMs))
    throw badRequest(`since: Invalid value: "${value}": use a time such as 2026-01-31T08:15:00Z`);
  return timeMs;
}

function namespacesOf<T extends ObservationType>(type: T, observed: Observed[T]): string[] {
  if (type === 'flows') {
    const { from, to } = observed as Flow;
    return [to, from].flatMap((end) => (end.type === 'pod' ? [end.namespace] : []));
  }
  const { namespace = '' } = observed as { namespace?: string };
  return namespace === '' ? [] : [namespace];
}

const objectOf = (type: string, key: string, namespace: string, rest: object): KubernetesObject => ({
  ...{ apiVersion: '', kind: '' },
  metadata: {
    name: `${type}-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`,
    ...(namespace === '' ? {} : { namespace }),
  },
  ...rest,
});

const agent = /^rempart:network:(.+)$/;

function nodeOf({ username, groups }: UserInfo): string {
  const node = groups.includes('rempart:network') ? agent.exec(username)?.[1] : undefined;
  if (node === undefined)
    throw new ApiError('Forbidden', `"${username}" is no node's agent: only those report what a node observed`);
  return node;
}

/** A node tells only what it can have seen: flows of which one end is a pod of its own or itself. */
function takeReport(keeper: Keeper, object: KubernetesObject, node: string, nowMs: number): KubernetesObject {
  const { flows, resumes } = object.spec ?? {};
  const window = decodeWindow({ ...object.spec, source: node }, nowMs);
  if (!Array.isArray(flows) || window === undefined || typeof resumes !== 'boolean')
    throw badRequest('spec: Invalid value: flows, fromMs, toMs, lost and resumes are required');
  if (flows.length > flowsPerReportMax)
    throw badRequest(`spec.flows: Too many: ${flows.length}: must have at most ${flowsPerReportMax} items`);
  const isOwn = (end: FlowEnd) =>
    end.type === 'pod'
      ? keeper.podAt(end.namespace, end.name)?.node === node
      : end.type === 'node' && end.name === node;
  const decoded = flows.map((flow) => decodeObserved('flows', withKnownEnds(keeper, flow), nowMs));
  const own = decoded.filter((flow): flow is Flow => flow !== undefined && (isOwn(flow.from) || isOwn(flow.to)));
  const refused = flows.length - own.length;
  const { source: _, ...times } = window;
  const report: NodeReport = { ...times, flows: own, resumes, lost: window.lost + refused };
  keeper.takeFlows(node, report);
  return { apiVersion: '', kind: '', metadata: { name: node }, status: { taken: own.length, refused } };
}

/** Of which workload a pod is, and its labels, are not the node's to say: it could speak for pods of other nodes. */
function withKnownEnds(keeper: Keeper, flow: unknown): unknown {
  if (!isObject(flow)) return flow;
  const known = (end: unknown): unknown => {
    if (!isObject(end) || end['type'] !== 'pod') return end;
    const pod = keeper.podAt(String(end['namespace']), String(end['name']));
    if (pod === undefined) return end;
    const { workload, labels = end['labels'] } = pod;
    return { ...end, workload, labels };
  };
  return { ...flow, from: known(flow['from']), to: known(flow['to']) };
}

/** As one line of `Line`: what is listed is what a file of observations holds. */
type Row = Line;

const timesOf = (row: Row) =>
  'window' in row
    ? { firstMs: row.window.fromMs, lastMs: row.window.toMs, count: 0 }
    : { firstMs: row.observed.firstMs, lastMs: row.observed.lastMs, count: row.observed.count };

/** Names and paths are what anybody asked for, also who was refused. */
const column = (
  name: string,
  value: (row: Row, nowMs: number) => string | number,
  type: Column['type'] = 'string',
) => ({
  ...{ name, type },
  value(object: KubernetesObject, nowMs: number) {
    const cell = value(object as unknown as Row, nowMs);
    return typeof cell === 'string' ? printable(cell) : cell;
  },
});

const columns: Column[] = [
  column('Type', ({ type }) => type),
  column('From', (row) => describeLine(row).from),
  column('To', (row) => describeLine(row).to),
  column('What', (row) => describeLine(row).what),
  column('Outcome', (row) => describeLine(row).outcome),
  column('Count', (row) => timesOf(row).count, 'integer'),
  column('First', (row, nowMs) => since(formatTime(timesOf(row).firstMs), nowMs)),
  column('Last', (row, nowMs) => since(formatTime(timesOf(row).lastMs), nowMs)),
];
