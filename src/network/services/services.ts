import type { KubernetesObject } from '../../api/object.ts';
import type { Cache } from '../../client/cache.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { createCoalescer } from '../coalesce.ts';
import type { RunCommand } from '../command.ts';
import { createApplier } from '../nft/applier.ts';
import { forgetDatagrams } from './connections.ts';
import { type EndpointSlice, type Frontend, frontendsOf, type Service } from './frontends.ts';
import { type ServiceNetworks, serviceTable } from './ruleset.ts';

export type ServicesOptions = {
  tableName: string;
  nodeName: string;
  networks: ServiceNetworks;
  /** Ways in that exist without an object in the API, such as DNS; they win over services of the same address. */
  wellKnown: Frontend[];
  caches: { services: Cache; endpointSlices: Cache };
  run: RunCommand;
  clock: Clock;
  log: Log;
};

export type Services = {
  /**
   * The well-known ways in at once, those of the API's services as soon as the caches have them. `hostPorts` are of
   * pods that already run here.
   */
  start(hostPorts: { pod: KubernetesObject; frontends: Frontend[] }[]): Promise<void>;
  /** Host ports of a pod of this node, from now until `removeHostPorts`. */
  addHostPorts(pod: KubernetesObject, frontends: Frontend[]): Promise<void>;
  removeHostPorts(pod: KubernetesObject): void;
  restore(): Promise<void>;
  stop(): Promise<void>;
};

/** Keeps the kernel's nat table equal to the services of the cluster. */
export function createServices(options: ServicesOptions): Services {
  const { caches, run, clock, log, tableName, networks } = options;
  const hostPorts = new Map<string, Frontend[]>();
  const applier = createApplier(run, log);
  let current: Frontend[] = [];
  let synced = false;
  const sync = createCoalescer(clock, program, (error) => log.error('services could not be programmed', { error }));
  let stops: (() => void)[] = [];

  async function program(): Promise<void> {
    const services = synced ? (caches.services.list() as unknown as Service[]) : [];
    const slices = synced ? (caches.endpointSlices.list() as unknown as EndpointSlice[]) : [];
    const wanted = [
      ...options.wellKnown,
      ...frontendsOf(services, slices, options.nodeName),
      ...[...hostPorts.values()].flat(),
    ];
    await applier.apply(serviceTable(tableName, wanted, networks));
    const before = current;
    current = wanted;
    await forgetDatagrams(run, before, wanted).catch((error) => log.warn('stale UDP flows remain', { error }));
  }

  return {
    async start(adopted) {
      for (const { pod, frontends } of adopted)
        if (frontends.length > 0) hostPorts.set(pod.metadata.uid ?? '', frontends);
      // After a restart the kernel still routes; it is replaced only by what the caches say.
      const { code } = await run('nft', ['-t', 'list', 'table', 'ip', tableName]);
      if (code !== 0) await sync.flush();
      await Promise.all([caches.services.synced(), caches.endpointSlices.synced()]);
      synced = true;
      await sync.flush();
      stops = [caches.services, caches.endpointSlices].map((cache) => cache.subscribe(() => sync.trigger()));
    },
    async addHostPorts(pod, frontends) {
      if (frontends.length === 0) return;
      hostPorts.set(pod.metadata.uid ?? '', frontends);
      await sync.flush();
    },
    removeHostPorts(pod) {
      if (hostPorts.delete(pod.metadata.uid ?? '')) sync.trigger();
    },
    restore: () => applier.restore(),
    async stop() {
      for (const stop of stops) stop();
      await sync.stop();
    },
  };
}
