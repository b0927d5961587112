import type { KubernetesObject } from '../api/object.ts';
import type { Pod, Service } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { type Cache, createCache } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { EnvironmentSources } from './environment/environment.ts';
import type { Token, VolumeSources } from './volumes/volume-type.ts';

export type Sources = EnvironmentSources &
  VolumeSources & {
    /** Keeps what a pod's volumes show under watch; `onChange` is called when one of the objects changes. */
    follow(pod: Pod): void;
    unfollow(podUid: string): void;
    stop(): void;
  };

export type SourcesOptions = {
  client: Client;
  services: Cache<any>;
  clock: Clock;
  log: Log;
  onChange(podUid: string): void;
};

/** Each watched object is one stream to the API; beyond this, changes are seen when the pod is next prepared. */
const watchesMax = 256;

type Watched = { cache: Cache; pods: Set<string> };
type KeptToken = { token: Token; refreshAtMs: number };

/**
 * The objects that pods on this node refer to, by name and only those: a node may not list secrets. What volumes show
 * is watched, so that a change arrives at once; the rest is read when needed.
 */
export function createSources({ client, services, clock, log, onChange }: SourcesOptions): Sources {
  const watched = new Map<string, Watched>();
  /** By pod uid, then audience: volumes that are brought up to date for another reason keep their token. */
  const tokens = new Map<string, Map<string, KeptToken>>();
  /** The revision of each object that was last used: what the watch shows first is not a change. */
  const used = new Map<string, string>();

  async function read<T>(resource: string, namespace: string | undefined, name: string): Promise<T | undefined> {
    const key = `${resource}/${namespace}/${name}`;
    const known = watched.get(key)?.cache.get(namespace ?? '', name);
    try {
      const object = known ?? (await client.get<KubernetesObject>(resource, { namespace, name }));
      if (watched.has(key)) used.set(key, object.metadata.resourceVersion ?? '');
      return object as T;
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  }

  function watch(resource: string, namespace: string, name: string, podUid: string): void {
    const key = `${resource}/${namespace}/${name}`;
    let entry = watched.get(key);
    if (entry === undefined) {
      if (watched.size >= watchesMax) return;
      const cache = createCache(
        client,
        resource,
        { namespace, fieldSelector: `metadata.name=${name}` },
        { clock, log },
      );
      entry = { cache, pods: new Set() };
      watched.set(key, entry);
      const { pods } = entry;
      cache.subscribe((type, object) => {
        if (type === 'DELETED' || object.metadata.resourceVersion !== used.get(key)) pods.forEach(onChange);
      });
    }
    entry.pods.add(podUid);
  }

  return {
    configMap: (namespace, name) => read('configmaps', namespace, name),
    secret: (namespace, name) => read('secrets', namespace, name),
    claim: (namespace, name) => read('persistentvolumeclaims', namespace, name),
    persistentVolume: (name) => read('persistentvolumes', undefined, name),
    services: (namespace) => services.list(namespace) as Service[],

    async token(pod, audience, expirationSeconds) {
      const { namespace, name, uid = '' } = pod.metadata!;
      const kept = tokens.get(uid)?.get(`${audience}/${expirationSeconds}`);
      if (kept && clock.now() < kept.refreshAtMs) return kept.token;
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
      const request: Partial<KubernetesObject> = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        metadata: { namespace, name: pod.spec!.serviceAccountName ?? 'default' },
        spec: { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef },
      };
      const answer = await client.create<any>('serviceaccounts', request, { subresource: 'token' });
      const expiresAtMs = Date.parse(answer.status.expirationTimestamp);
      const token = { value: answer.status.token, expiresAtMs, refreshAtMs: refreshAtMs(clock.now(), expiresAtMs) };
      const ofPod = tokens.get(uid) ?? new Map<string, KeptToken>();
      tokens.set(uid, ofPod.set(`${audience}/${expirationSeconds}`, { token, refreshAtMs: token.refreshAtMs }));
      return token;
    },

    follow(pod) {
      const { namespace = '', uid = '' } = pod.metadata!;
      for (const [resource, name] of referenced(pod)) watch(resource, namespace, name, uid);
    },
    unfollow(podUid) {
      tokens.delete(podUid);
      for (const [key, { cache, pods }] of watched) {
        pods.delete(podUid);
        if (pods.size > 0) continue;
        cache.stop();
        watched.delete(key);
        used.delete(key);
      }
    },
    stop() {
      for (const { cache } of watched.values()) cache.stop();
      watched.clear();
    },
  };
}

/** At 80 % of its life and once a day at least, as the kubelet does; never more often than every ten seconds. */
const refreshAtMs = (nowMs: number, expiresAtMs: number) =>
  nowMs + Math.max(Math.min((expiresAtMs - nowMs) * 0.8, 24 * 3_600_000), 10_000);

/** ConfigMaps and Secrets that a pod's volumes show. */
function referenced(pod: Pod): [string, string][] {
  const found: [string, string][] = [];
  const add = (resource: string, name: string | undefined) => {
    if (name) found.push([resource, name]);
  };
  for (const { configMap, secret, projected } of pod.spec!.volumes ?? []) {
    add('configmaps', configMap?.name);
    add('secrets', secret?.secretName);
    for (const source of projected?.sources ?? []) {
      add('configmaps', source.configMap?.name);
      add('secrets', source.secret?.name);
    }
  }
  return found;
}
