import { defineKind } from '../define.ts';
import type { CoreEvent, EventsEvent, ObjectMeta, ObjectReference } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { nameColumn, since } from '../table.ts';
import { ErrorList, immutable, invalidValue, required } from '../validation/errors.ts';
import { pathSegment, qualifiedName } from '../validation/names.ts';
import { checkName, sameValue } from '../validation/values.ts';

const lastSeen = (event: CoreEvent) =>
  event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;

const columns = [
  { name: 'Last Seen', type: 'string' as const, value: (event: CoreEvent, now: number) => since(lastSeen(event), now) },
  { name: 'Type', type: 'string' as const, value: ({ type }: CoreEvent) => type ?? '' },
  { name: 'Reason', type: 'string' as const, value: ({ reason }: CoreEvent) => reason ?? '' },
  { name: 'Object', type: 'string' as const, value: showObject },
  {
    name: 'Subobject',
    type: 'string' as const,
    priority: 1,
    value: ({ involvedObject }: CoreEvent) => involvedObject?.fieldPath ?? '',
  },
  { name: 'Source', type: 'string' as const, priority: 1, value: showSource },
  { name: 'Message', type: 'string' as const, value: ({ message }: CoreEvent) => (message ?? '').trim() },
  {
    name: 'First Seen',
    type: 'string' as const,
    priority: 1,
    value: ({ firstTimestamp, eventTime, metadata }: CoreEvent, now: number) =>
      since(firstTimestamp ?? eventTime ?? metadata.creationTimestamp, now),
  },
  {
    name: 'Count',
    type: 'string' as const,
    priority: 1,
    value: ({ series, count }: CoreEvent) => series?.count ?? count ?? 1,
  },
  { ...nameColumn, priority: 1 },
];

function showObject({ involvedObject }: CoreEvent): string {
  const { kind = '', name } = involvedObject ?? {};
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

function showSource({ source, reportingComponent, reportingInstance }: CoreEvent): string {
  return [source?.component || reportingComponent, source?.host || reportingInstance].filter(Boolean).join(', ');
}

/** Source: kubernetes/kubernetes pkg/registry/core/event/strategy.go, ToSelectableFields. */
const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

export const event = defineKind<CoreEvent>({
  kind: 'Event',
  resource: 'events',
  anyFinalizer: true,
  createdByUpdate: true,
  // Events are named after what they tell of, whatever names that kind allows.
  name: pathSegment,
  shortNames: ['ev'],
  selectableFields: [
    ...involved.map((field) => `involvedObject.${field}`),
    'reason',
    'reportingComponent',
    ['source', ({ source, reportingComponent }) => source?.component || reportingComponent || ''],
    'type',
  ],
  wholeTable: true,
  validate: ({ metadata, involvedObject }) => validateSubject(metadata, involvedObject, 'involvedObject'),
  columns,
});

/**
 * Most clients still write events as they did before there were rules: only what would mislead is refused. Events of
 * objects without a namespace are kept in one of the system's. Source: pkg/apis/core/validation/events.go.
 */
function validateSubject(metadata: ObjectMeta, subject: ObjectReference | undefined, field: string): FieldError[] {
  if (!subject) return field === 'involvedObject' ? [required(field)] : [];
  const allowed = subject.namespace ? [subject.namespace] : ['default', 'kube-system'];
  if (allowed.includes(metadata.namespace ?? '')) return [];
  return [invalidValue(`${field}.namespace`, subject.namespace ?? '', 'does not match event.namespace')];
}

/** The same events under their newer name: stored as core events, which most clients read. */
export const eventsEvent = defineKind<EventsEvent>({
  group: 'events.k8s.io',
  kind: 'Event',
  resource: 'events',
  createdByUpdate: true,
  shortNames: ['ev'],
  validate: validateEvent,
  selectableFields: [
    ...involved.map((field): [string, (object: EventsEvent) => string] => [
      `regarding.${field}`,
      ({ regarding }) => String((regarding as Record<string, unknown> | undefined)?.[field] ?? ''),
    ]),
    'reason',
    'reportingController',
    'type',
  ],
  wholeTable: true,
  columns: columns.map((column) => ({
    ...column,
    value: (object: EventsEvent, now: number) => column.value(toCore(object), now),
  })),
  storedAs: {
    group: '',
    version: 'v1',
    resource: 'events',
    toStored: (object) => toCore(object as unknown as EventsEvent),
    fromStored: (object) => fromCore(object as unknown as CoreEvent),
  },
});

const actionLengthMax = 128;
const noteLengthMax = 1024;

/** Whoever writes the newer version follows its rules. Source: pkg/apis/core/validation/events.go, ValidateEventCreate. */
function validateEvent(event: EventsEvent, old: EventsEvent | undefined): FieldError[] {
  const { metadata, regarding = {}, series, reportingController = '' } = event;
  const errors = validateSubject(metadata, regarding, 'involvedObject');
  if (old) return [...errors, ...validateEventUpdate(event, old)];
  if (!event.eventTime) errors.push(required('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning')
    errors.push(invalidValue('type', '', `has invalid value: ${event.type ?? ''}`));
  checkName(reportingController, qualifiedName, 'reportingController', errors);
  for (const name of ['reportingInstance', 'action', 'reason'] as const) {
    const text = event[name] ?? '';
    if (text === '') errors.push(required(name));
    if (text.length > actionLengthMax)
      errors.push(invalidValue(name, '', `can have at most ${actionLengthMax} characters`));
  }
  if ((event.note?.length ?? 0) > noteLengthMax)
    errors.push(invalidValue('message', '', `can have at most ${noteLengthMax} characters`));
  if (series && (series.count ?? 0) < 2) errors.push(invalidValue('series.count', '', 'should be at least 2'));
  if (series && !series.lastObservedTime) errors.push(required('series.lastObservedTime'));
  for (const [name, value] of [
    ['firstTimestamp', event.deprecatedFirstTimestamp],
    ['lastTimestamp', event.deprecatedLastTimestamp],
    ['count', event.deprecatedCount],
    ['source', event.deprecatedSource?.component ?? event.deprecatedSource?.host],
  ] as const)
    if (value) errors.push(invalidValue(name, '', 'needs to be unset'));
  return errors;
}

/** Only its series goes on. */
function validateEventUpdate(event: EventsEvent, old: EventsEvent): FieldError[] {
  const errors = new ErrorList();
  const now: Record<string, unknown> = toCore(event);
  const then: Record<string, unknown> = toCore(old);
  for (const name of fixedInEvents)
    if (!sameValue(now[name], then[name])) errors.push(immutable(name, now[name] ?? ''));
  return errors;
}

const fixedInEvents = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
];

/** Source: kubernetes/kubernetes pkg/apis/events/v1/conversion.go: five fields have other names. */
function toCore(event: EventsEvent): CoreEvent {
  const {
    note,
    regarding,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...same
  } = event;
  return dropUndefined({
    ...same,
    apiVersion: 'v1',
    involvedObject: regarding ?? {},
    message: note,
    reportingComponent: reportingController,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  });
}

function fromCore(event: CoreEvent): EventsEvent {
  const { message, involvedObject, reportingComponent, source, firstTimestamp, lastTimestamp, count, ...same } = event;
  return dropUndefined({
    ...same,
    apiVersion: 'events.k8s.io/v1',
    regarding: involvedObject,
    note: message,
    reportingController: reportingComponent,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
    deprecatedCount: count,
  }) as EventsEvent;
}

const dropUndefined = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
