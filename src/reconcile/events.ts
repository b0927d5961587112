import { randomUUID } from 'node:crypto';
import type { KubernetesObject } from '../api/object.ts';
import { type ApiError, isNamespaceEnding } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import { type Clock, formatTime } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { createFairQueue } from './fair-queue.ts';

export type EventType = 'Normal' | 'Warning';
/** `fieldPath`: the part of the object that is meant, such as `spec.containers{web}`. */
export type Recorder = (
  about: KubernetesObject,
  type: EventType,
  reason: string,
  message: string,
  fieldPath?: string,
) => void;
export type RecorderOptions = { client: Client; component: string; host?: string; clock: Clock; log: Log };

const rememberedMax = 500;
/** Events come after everything else: few at once leave room for the writes they tell of. */
const writesAtOnceMax = 4;
const waitingMax = 5000;
const messageMaxLength = 1024;
/** Per object, as kubectl's users are used to: 25 events at once, then one every five minutes. */
export const eventsAtOnceMax = 25;
const refillMs = 300_000;
/** When the server says that a namespace has too many, without saying for how long. */
const heldBackMs = 1000;
const lossToldEveryMs = 10_000;

/** An event and how often it happened; `written`: what of that the server was told. */
type Series = { event: KubernetesObject; count: number; written: number };

/**
 * Records events about objects. What repeats raises a count instead of making another event, also before the first is
 * written; an object that has too much to say is cut short. Nothing waits for an event to be written: those of a namespace
 * of which the server takes no more for now come later, and what is lost nevertheless is counted in the log.
 */
export function createRecorder({ client, component, host, clock, log }: RecorderOptions): Recorder {
  const known = new Map<string, Series>();
  const budgets = new Map<string, { tokens: number; atMs: number }>();
  const queue = createFairQueue({ clock, atOnceMax: writesAtOnceMax, waitingMax, work: write });
  let lost = 0;

  function spend(uid: string): boolean {
    const nowMs = clock.monotonicMs();
    const { tokens, atMs } = budgets.get(uid) ?? { tokens: eventsAtOnceMax, atMs: nowMs };
    const available = Math.min(eventsAtOnceMax, tokens + (nowMs - atMs) / refillMs);
    remember(budgets, uid, { tokens: Math.max(0, available - 1), atMs: nowMs });
    return available >= 1;
  }

  function lose(error: unknown): void {
    if (lost++ > 0) return;
    clock.after(lossToldEveryMs, () => {
      log.warn('events were lost', { component, lost, error });
      lost = 0;
    });
  }

  async function write(series: Series): Promise<{ againAfterMs: number } | undefined> {
    const { event, count, written } = series;
    try {
      if (written === 0) await client.create('events', { ...event, count });
      else if (count > written) await patch(event, count);
      series.written = count;
      return undefined;
    } catch (error) {
      return refused(series, error);
    }
  }

  function refused(series: Series, error: unknown): { againAfterMs: number } | undefined {
    const { reason, details } = error as Partial<ApiError>;
    if (reason === 'TooManyRequests') return { againAfterMs: (details?.retryAfterSeconds ?? 0) * 1000 || heldBackMs };
    const isForgotten = reason === 'NotFound' && series.written > 0;
    series.written = 0;
    if (isForgotten) return { againAfterMs: 0 };
    // What lived in a namespace that ends is missed by nobody.
    if (reason !== 'NotFound' && !isNamespaceEnding(error)) lose(error);
    return undefined;
  }

  async function patch({ metadata, lastTimestamp }: KubernetesObject, count: number): Promise<void> {
    const { namespace, name } = metadata;
    await client.patch('events', { namespace, name }, { type: 'merge', body: { count, lastTimestamp } });
  }

  return function record(about, type, reason, message, fieldPath) {
    const { namespace, name, uid = '' } = about.metadata;
    if (!spend(uid)) return;
    const said = message.slice(0, messageMaxLength);
    const key = JSON.stringify([uid, namespace, name, type, reason, said, fieldPath]);
    const series = known.get(key) ?? { event: eventOf(about, type, reason, said, fieldPath), count: 0, written: 0 };
    remember(known, key, series);
    series.count++;
    series.event['lastTimestamp'] = formatTime(clock.now());
    if (!queue.add(series.event.metadata.namespace!, series)) lose(new Error(`${waitingMax} wait to be written`));
  };

  function eventOf(...[about, type, reason, message, fieldPath]: Parameters<Recorder>): KubernetesObject {
    const { namespace, name } = about.metadata;
    const eventName = `${name.slice(0, 230)}.${randomUUID().replaceAll('-', '').slice(-16)}`;
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace: namespace || 'default' },
      involvedObject: { ...referenceOf(about), fieldPath },
      type,
      reason,
      message,
      source: { component, host },
      reportingComponent: component,
      reportingInstance: host ?? component,
      firstTimestamp: formatTime(clock.now()),
    };
  }
}

function referenceOf({ apiVersion, kind, metadata }: KubernetesObject): object {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, name, namespace, uid, resourceVersion };
}

/** Keeps the newest entries of a map that would grow for ever. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > rememberedMax) map.delete(map.keys().next().value!);
}
