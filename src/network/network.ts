import type { KubernetesObject } from '../api/object.ts';
import { mirrorAnnotation } from '../api/pods/mirror-pod.ts';
import type { Cache } from '../client/cache.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Isolation } from '../policy/policy.ts';
import { type RunCommand, runCommand } from './command.ts';
import { createConnectionLimit } from './connection-limit.ts';
import { forgetConnections, trackedConnectionsMax } from './conntrack.ts';
import { startClusterDns } from './dns/cluster-dns.ts';
import type { UpstreamServer } from './dns/upstream.ts';
import {
  cniConfig,
  type InterfaceSettings,
  machineAddresses,
  namesOf,
  removeNetwork as remove,
  setUpInterfaces,
  uplinkMtuBytes,
} from './interfaces.ts';
import { listSet } from './nft/dynamic.ts';
import { keepRestored } from './nft/restoring.ts';
import { createKernelReader } from './observations/kernel.ts';
import { createObserver } from './observations/observer.ts';
import type { FlowReport } from './observations/outbox.ts';
import { createPolicies } from './policies/policies.ts';
import { worldCaches } from './policies/world.ts';
import { createServices } from './services/services.ts';
import { frontendsOfWellKnown, hostPorts, wellKnownServices } from './services/standing.ts';

export type NetworkOptions = {
  /** 1 to 11 small letters and digits: part of every name made on the machine. */
  clusterId: string;
  nodeName: string;
  /** A cache of every resource of `worldCaches`; of pods that of `podsWithAddress` is enough. */
  cache(resource: string): Cache;
  /** This node's part of clusterCIDR. */
  podCIDR: string;
  clusterCIDR: string;
  serviceCIDR: string;
  /** The service address of DNS, in serviceCIDR. */
  dnsAddress: string;
  /** In podCIDR, held by this node: DNS listens on it. */
  gatewayAddress: string;
  /** The first address of serviceCIDR, where pods find the API. */
  apiServiceAddress: string;
  /** Where the API listens for pods: on a control-plane node the gateway address. */
  apiAddress: string;
  apiPort: number;
  /** `cluster.local` */
  clusterDomain: string;
  /** Of namespaces without a label, until the protection `namespace-isolation` is read from the API. */
  configuredIsolation: Isolation;
  stateDirectory: string;
  /** Takes what the kernel saw of this node's pods; without it nothing is recorded. Rejects what it did not take. */
  report?(report: FlowReport): Promise<void>;
  /** Where names of the outside are asked for; default: the servers of /etc/resolv.conf. */
  upstreamServers?: UpstreamServer[];
  log: Log;
  clock: Clock;
};

export type { FlowReport } from './observations/outbox.ts';

/**
 * The pods that rules, names and observations can be about: until a pod has an address it changes nothing here, and there
 * may be thousands that wait for a place. Those of this node are told earlier, by `podNetworkReady`.
 */
export const podsWithAddress = { fieldSelector: 'status.podIP!=' };

export type Network = {
  /**
   * Resolves when the interface is up, the pod range closed, DNS listening and the caches' state in the kernel. Needs
   * root; rejects with what is missing.
   */
  start(): Promise<void>;
  /** For the node agent: before a sandbox is made. Waits for `start`, as the others do: no pod runs unguarded. */
  beforePodStarts(pod: KubernetesObject): Promise<void>;
  /**
   * Resolves when the pod's policies are in the kernel; until then nothing reaches or leaves its address. Does nothing
   * for a pod whose policies are: one that ran before this process began, and that the API knew the address of.
   */
  podNetworkReady(pod: KubernetesObject, ip: string): Promise<void>;
  podNetworkGone(pod: KubernetesObject, ip: string): Promise<void>;
  /** The CNI configuration list for the runtime, as JSON text. */
  cniConfig(): Promise<string>;
  /** Ends this process's part: what is in the kernel stays in force. */
  stop(): Promise<void>;
};

/** The pod network of one node: services, policies, DNS and what was observed. Nothing is touched before `start`. */
export function createNetwork(options: NetworkOptions): Network {
  const { log, clock, cache } = options;
  const run: RunCommand = runCommand;
  const names = namesOf(options.clusterId);
  const caches = worldCaches(cache);
  const networks = { ...options, observed: options.report !== undefined };
  const around = { nodeName: options.nodeName, caches, run, clock, log, networks };
  const wellKnown = wellKnownServices(options);
  const services = createServices({
    ...around,
    tableName: names.servicesTable,
    wellKnown: wellKnown.flatMap(frontendsOfWellKnown),
  });
  const policies = createPolicies({
    ...around,
    tableName: names.policiesTable,
    wellKnown,
    configuredIsolation: options.configuredIsolation,
    nodeAddresses: machineAddresses,
  });
  const observed = { family: 'inet', name: names.policiesTable } as const;
  const observer =
    options.report &&
    createObserver({
      ...{ nodeName: options.nodeName, nodeAddresses: machineAddresses, caches, clock, log },
      kernel: createKernelReader(run, observed),
      judged: policies.judged,
      addressBehind: policies.addressBehind,
      report: options.report,
    });
  const limitConnections = createConnectionLimit({
    ...{ tableName: names.connectionsTable, podCIDR: options.podCIDR, trackedMax: trackedConnectionsMax, run, log },
  });
  /** They count for the address: without this for whoever has it next, and in the table for up to five days. */
  const forgetThoseOf = (ip: string) =>
    forgetConnections(run, ['--orig-src', ip]).catch((error) => log.warn('connections of a pod remain', { ip, error }));
  let stopDns = nothing;
  let stopRestoring = () => {};
  const started = Promise.withResolvers<void>();
  started.promise.catch(() => {});

  async function begin(): Promise<void> {
    await setUpInterfaces(run, options);
    const resumes = observer !== undefined && (await listSet(run, observed, 'seen')) !== undefined;
    const running = await policies.start();
    await observer?.start(resumes);
    await limitConnections();
    await services.start(running.map(({ pod, ip }) => ({ pod, frontends: hostPorts(pod, ip) })));
    // After the caches are complete: a name that exists must never be denied.
    stopDns = await startClusterDns({
      ...options,
      ...{ caches, machineAddresses, mayReachOutside: policies.mayReachOutside },
    });
    stopRestoring = keepRestored(() => Promise.all([policies.restore(), services.restore(), limitConnections()]), {
      clock,
      log,
    });
  }

  return {
    async start() {
      await begin().then(started.resolve, started.reject);
      return started.promise;
    },
    async beforePodStarts(pod) {
      if (!pod.spec?.hostNetwork) await started.promise;
    },
    async podNetworkReady(pod, ip) {
      if (pod.spec?.hostNetwork) return;
      await started.promise;
      const known = policies.podAt(ip)?.metadata;
      if (known && known.uid === pod.metadata.uid) return;
      observer?.assigned(pod, ip);
      // A pod from a file is known as its mirror, until now: what it has opened is its own.
      const isItself = known?.annotations?.[mirrorAnnotation] === pod.metadata.uid;
      await Promise.all([
        isItself ? undefined : forgetThoseOf(ip),
        policies.podNetworkReady(pod, ip),
        services.addHostPorts(pod, hostPorts(pod, ip)),
      ]);
    },
    async podNetworkGone(pod, ip) {
      if (pod.spec?.hostNetwork) return;
      await started.promise;
      services.removeHostPorts(pod);
      if (policies.podNetworkGone(pod, ip)) await forgetThoseOf(ip);
    },
    cniConfig: async () => cniConfig({ ...options, mtuBytes: await uplinkMtuBytes(run) }),
    async stop() {
      stopRestoring();
      await observer?.stop();
      const endDns = stopDns;
      stopDns = nothing;
      await Promise.all([endDns(), policies.stop(), services.stop()]);
    },
  };
}

const nothing = async () => {};

/** Makes the interface that the API server's process listens on for pods, which needs root and must come first. */
export const prepareInterface = (settings: InterfaceSettings): Promise<void> => setUpInterfaces(runCommand, settings);

/** Removes everything of a cluster's network from this machine; nothing of it needs to run. */
export const removeNetwork = (settings: { clusterId: string; stateDirectory: string }): Promise<void> =>
  remove(runCommand, settings);
