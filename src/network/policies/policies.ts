import type { KubernetesObject } from '../../api/object.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import {
  type CompiledPod,
  createEvaluator,
  type Isolation,
  isOver,
  parseAddress,
  parseBlock,
  type WellKnown,
} from '../../policy/policy.ts';
import { createCoalescer } from '../coalesce.ts';
import { mustRun, type RunCommand } from '../command.ts';
import { createApplier } from '../nft/applier.ts';
import type { Judged } from '../observations/explain.ts';
import { type LocalPod as KernelPod, type NodePort, type PolicyNetworks, policyTable } from './ruleset.ts';
import { changeMatters, type LocalPod, type WorldCaches, worldOf } from './world.ts';

export type PoliciesOptions = {
  tableName: string;
  nodeName: string;
  networks: PolicyNetworks & { serviceCIDR: string };
  wellKnown: WellKnown[];
  configuredIsolation: Isolation;
  /** Addresses of this machine, the gateway's included. */
  nodeAddresses(): string[];
  caches: WorldCaches;
  run: RunCommand;
  clock: Clock;
  log: Log;
};

export type Policies = {
  /** Closes the pod range, then programs the pods that already run here and resolves to them. */
  start(): Promise<LocalPod[]>;
  /** Resolves when the pod's rules are in the kernel. */
  podNetworkReady(pod: KubernetesObject, ip: string): Promise<void>;
  /** The pod that has this address, as far as is known; undefined also when two do. */
  podAt(ip: string): KubernetesObject | undefined;
  /** Returns whether it had that address. */
  podNetworkGone(pod: KubernetesObject, ip: string): boolean;
  /** May the pod at this address reach anything outside of the cluster? False for addresses that are no pods of ours. */
  mayReachOutside(address: string): boolean;
  /** What is in force; undefined until something is. */
  judged(): Judged | undefined;
  /** The address of the pod whose interface this is. */
  addressBehind(interfaceName: string): string | undefined;
  restore(): Promise<void>;
  stop(): Promise<void>;
};

type Local = LocalPod & { interfaceName: string };

/** Keeps the kernel's policy table equal to what the evaluator says about the pods of this node. */
export function createPolicies(options: PoliciesOptions): Policies {
  const { caches, run, clock, log, networks, tableName } = options;
  const locals = new Map<string, Local>();
  /** Interfaces of pods as they were found here: of one that was deleted by force while no agent ran, nobody tells. */
  let found = new Set<string>();
  let compiled = new Map<string, CompiledPod>();
  let judged: Judged | undefined;
  const applier = createApplier(run, log);
  const sync = createCoalescer(clock, program, (error) => log.error('policies could not be programmed', { error }));
  let stops: (() => void)[] = [];

  async function program(): Promise<void> {
    const self = { name: options.nodeName, addresses: options.nodeAddresses() };
    const { world, localPods } = worldOf(caches, locals, self, options.wellKnown, options.configuredIsolation);
    const evaluator = createEvaluator(world);
    const pods: KernelPod[] = [];
    for (const [uid, { ip, interfaceName }] of locals)
      pods.push({ ip, interfaceName, compiled: evaluator.compile(localPods.get(uid)!) });
    const offered: NodePort[] = evaluator
      .nodePorts(self.name)
      .flatMap(({ protocol, port }) => self.addresses.map((address) => ({ address, protocol, port })));
    for (const { protocols, backend } of options.wellKnown)
      for (const protocol of protocols) offered.push({ ...backend, protocol });
    await applier.apply(policyTable(tableName, pods, offered, networks, found));
    compiled = new Map(pods.map(({ ip, compiled }) => [ip, compiled]));
    judged = { world, evaluator };
  }

  /** After a restart the kernel still enforces what was: nothing is opened or cut before the pods are known again. */
  function adopt(routes: Map<string, string>): void {
    for (const pod of caches.pods.list()) {
      const ip: string | undefined = pod.status?.podIP;
      const interfaceName = routes.get(ip ?? '');
      if (ip === undefined || interfaceName === undefined || pod.spec?.nodeName !== options.nodeName) continue;
      // One that ended still says which address it had, which may be another's by now.
      if (!pod.spec?.hostNetwork && !isOver(pod)) locals.set(pod.metadata.uid ?? '', { pod, ip, interfaceName });
    }
  }

  const everyCache = Object.values(caches);
  return {
    async start() {
      const routes = await podRoutes(run, networks.podCIDR);
      found = new Set(routes.values());
      const { code } = await run('nft', ['-t', 'list', 'table', 'inet', tableName]);
      if (code !== 0) await applier.apply(policyTable(tableName, [], [], networks, found));
      await Promise.all(everyCache.map((cache) => cache.synced()));
      adopt(routes);
      await sync.flush();
      stops = everyCache.map((cache) =>
        cache.subscribe((_, object, old) => {
          if (changeMatters(caches, cache, object, old)) sync.trigger();
        }),
      );
      return [...locals.values()];
    },
    async podNetworkReady(pod, ip) {
      if (pod.spec?.hostNetwork) return;
      if (parseAddress(ip) === undefined) throw new Error(`pod address "${ip}" is not IPv4: only IPv4 is supported`);
      const routes = await podRoutes(run, networks.podCIDR);
      found = found.intersection(new Set(routes.values()));
      const interfaceName = routes.get(ip);
      if (interfaceName === undefined)
        throw new Error(
          `no route to pod address ${ip}: its network is gone, or was not set up by this node's CNI config`,
        );
      // An address belongs to one pod: whoever had it before is gone.
      for (const [uid, local] of locals) if (local.ip === ip) locals.delete(uid);
      locals.set(pod.metadata.uid ?? '', { pod, ip, interfaceName });
      await sync.flush();
    },
    podAt(ip) {
      const [found, ...others] = [...locals.values()].filter((local) => local.ip === ip);
      return others.length === 0 ? found?.pod : undefined;
    },
    podNetworkGone(pod, ip) {
      const uid = pod.metadata.uid ?? '';
      if (locals.get(uid)?.ip !== ip) return false;
      locals.delete(uid);
      sync.trigger();
      return true;
    },
    mayReachOutside: (address) => reachesOutside(compiled.get(address), networks),
    judged: () => judged,
    addressBehind: (interfaceName) => [...locals.values()].find((local) => local.interfaceName === interfaceName)?.ip,
    restore: () => applier.restore(),
    async stop() {
      for (const stop of stops) stop();
      await sync.stop();
    },
  };
}

/** Host routes of pods: address to interface name. ptp makes one per pod. */
async function podRoutes(run: RunCommand, podCIDR: string): Promise<Map<string, string>> {
  const block = parseBlock(podCIDR)!;
  const routes: { dst: string; dev?: string }[] = JSON.parse(
    (await mustRun(run, 'ip', ['-j', '-4', 'route', 'show'])) || '[]',
  );
  const found = new Map<string, string>();
  for (const { dst, dev } of routes) {
    const address = parseAddress(dst);
    if (address !== undefined && dev !== undefined && block.first <= address && address <= block.last)
      found.set(dst, dev);
  }
  return found;
}

function reachesOutside(
  pod: CompiledPod | undefined,
  { clusterCIDR, serviceCIDR }: PoliciesOptions['networks'],
): boolean {
  if (pod === undefined) return false;
  if (pod.egress.open) return true;
  const inside = [parseBlock(clusterCIDR)!, parseBlock(serviceCIDR)!];
  return pod.egress.rules.some(({ peers }) => {
    if (peers === undefined) return true;
    if (peers.type === 'addresses') return false;
    return peers.ranges.some(({ first, last }) => !inside.some((block) => block.first <= first && last <= block.last));
  });
}
