import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject, WatchEvent } from '../../src/api/object.ts';
import { ApiError } from '../../src/api/status.ts';
import type { Client } from '../../src/client/client.ts';
import type { Random } from '../random.ts';

/** What happened to one object, as its only writer knows it; revisions of answers that were lost are unknown. */
export type Step = { type: 'ADDED' | 'MODIFIED' | 'DELETED'; value: string; revision?: number };
export type Writer = { history: Map<string, Step[]>; acknowledged: number; refused: Error[] };

const resource = 'configmaps';
const answered = (error: unknown): error is ApiError => error instanceof ApiError && error.code < 500;

/**
 * Creates, updates and deletes objects that no other writer touches until the signal aborts. When no answer comes, it
 * asks what became of the write: either nothing or all of it.
 */
export async function write(
  writer: Writer,
  {
    client,
    namespace,
    prefix,
    random,
    signal,
  }: {
    client: Client;
    namespace: string;
    prefix: string;
    random: Random;
    signal: AbortSignal;
  },
): Promise<void> {
  const current = new Map<string, KubernetesObject>();
  for (let count = 0; !signal.aborted; count++) {
    const name = `${prefix}-${Math.floor(random() * 20)}`;
    const value = `${prefix}.${count}`;
    const object = current.get(name);
    const type = object === undefined ? 'ADDED' : random() < 0.25 ? 'DELETED' : 'MODIFIED';
    const step: Step = { type, value: type === 'DELETED' ? String(object!['data'].value) : value };
    let result: KubernetesObject | undefined;
    try {
      if (type === 'DELETED') await client.delete(resource, { namespace, name });
      else if (object) result = await client.update(resource, { ...object, data: { value } });
      else result = await client.create(resource, objectOf(namespace, name, value));
      writer.acknowledged++;
    } catch (error) {
      if (answered(error)) {
        if (error.code !== 429) throw error;
        await delay(20);
        continue;
      }
      writer.refused.push(error as Error);
      result = await afterwards(client, namespace, name);
      if (result?.metadata.resourceVersion === object?.metadata.resourceVersion) continue;
    }
    if (result) step.revision = Number(result.metadata.resourceVersion);
    if (result) current.set(name, result);
    else current.delete(name);
    writer.history.set(name, [...(writer.history.get(name) ?? []), step]);
  }
}

const objectOf = (namespace: string, name: string, value: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data: { value },
});

async function afterwards(client: Client, namespace: string, name: string): Promise<KubernetesObject | undefined> {
  for (const deadline = performance.now() + 60_000; ; await delay(50))
    try {
      return await client.get(resource, { namespace, name });
    } catch (error) {
      if (answered(error) && error.reason === 'NotFound') return undefined;
      if (performance.now() > deadline) throw error;
    }
}

export type Seen = { type: string; revision: number; name: string; value: string };
export type Watcher = { events: Seen[]; relists: number; interruptions: number; revision: number };

/** Follows the namespace from `watcher.revision` on, resuming after whatever was last seen, until the signal aborts. */
export async function follow(watcher: Watcher, client: Client, namespace: string, signal: AbortSignal): Promise<void> {
  const onEvent = ({ type, object }: WatchEvent) => {
    watcher.revision = Number(object.metadata.resourceVersion);
    if (type === 'BOOKMARK' || !object.metadata.name.startsWith('storm')) return;
    watcher.events.push({
      ...{ type, revision: watcher.revision, name: object.metadata.name },
      value: String(object['data']?.value),
    });
  };
  while (!signal.aborted) {
    try {
      await client.watch(resource, { namespace, signal, resourceVersion: String(watcher.revision) }, onEvent);
    } catch (error) {
      if (error instanceof ApiError && error.code === 410) {
        watcher.relists++;
        watcher.revision = Number((await client.list(resource, { namespace })).resourceVersion);
      }
    }
    watcher.interruptions++;
    await delay(50);
  }
}
