import { randomBytes } from 'node:crypto';
import type { KubernetesObject } from '../api/object.ts';
import type { Client } from '../client/client.ts';
import { type Clock, formatTime } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';

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
const writesAtOnceMax = 20;
const messageMaxLength = 1024;
/** Per object, as kubectl's users are used to: 25 events at once, then one every five minutes. */
export const eventsAtOnceMax = 25;
const refillMs = 300_000;

/**
 * Records events about objects. What repeats raises a count instead of making another event; an object that has too
 * much to say is cut short, and nothing waits for an event to be written.
 */
export function createRecorder({ client, component, host, clock, log }: RecorderOptions): Recorder {
  const known = new Map<string, { name: string; count: number }>();
  const budgets = new Map<string, { tokens: number; atMs: number }>();
  let writing = 0;

  function spend(uid: string): boolean {
    const nowMs = clock.monotonicMs();
    const { tokens, atMs } = budgets.get(uid) ?? { tokens: eventsAtOnceMax, atMs: nowMs };
    const available = Math.min(eventsAtOnceMax, tokens + (nowMs - atMs) / refillMs);
    remember(budgets, uid, { tokens: Math.max(0, available - 1), atMs: nowMs });
    return available >= 1;
  }

  async function write(...[about, type, reason, message, fieldPath]: Parameters<Recorder>): Promise<void> {
    const { namespace, name, uid } = about.metadata;
    const key = JSON.stringify([uid, namespace, name, type, reason, message, fieldPath]);
    const place = namespace || 'default';
    const time = formatTime(clock.now());
    const earlier = known.get(key);
    if (earlier) {
      const count = earlier.count + 1;
      remember(known, key, { name: earlier.name, count });
      const body = { count, lastTimestamp: time };
      return void (await client.patch('events', { namespace: place, name: earlier.name }, { type: 'merge', body }));
    }
    const eventName = `${name.slice(0, 230)}.${randomBytes(8).toString('hex')}`;
    remember(known, key, { name: eventName, count: 1 });
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: eventName, namespace: place },
      involvedObject: { ...referenceOf(about), fieldPath },
      type,
      reason,
      message,
      source: { component, host },
      reportingComponent: component,
      reportingInstance: host ?? component,
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
    };
    await client.create('events', event).catch((error) => {
      known.delete(key);
      throw error;
    });
  }

  return function record(about, type, reason, message, fieldPath) {
    if (writing >= writesAtOnceMax || !spend(about.metadata.uid ?? '')) return;
    writing++;
    write(about, type, reason, message.slice(0, messageMaxLength), fieldPath)
      .catch((error) => log.debug('an event was not recorded', { reason, error }))
      .finally(() => writing--);
  };
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
