import type { Container as ContainerSpec, Pod } from '../../api/schema/types.d.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Cgroups } from '../cgroups.ts';
import type { NodeFacts } from '../environment/field-ref.ts';
import type { ClusterDns, Dns } from '../environment/host-names.ts';
import type { Prober } from '../probes/prober.ts';
import type { Image, Runtime } from '../runtimes/runtime.ts';
import type { Sources } from '../sources.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { Observed } from './observed.ts';
import type { Records } from './records.ts';
import type { StatusWriter } from './status-writer.ts';

/** `container` names the one that is meant, when it is not the whole pod. */
export type Recorder = (
  pod: Pod,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  container?: string,
) => void;

/** What the network room does for a pod, so that no packet of it passes before its policies are in force. */
export type NetworkHooks = {
  /** Before the sandbox is made. */
  beforePodStarts(pod: Pod): Promise<void>;
  /** After the sandbox got its address and before any container starts: a rejection keeps the containers waiting. */
  podNetworkReady(pod: Pod, ip: string): Promise<void>;
  /** After the sandbox is gone. */
  podNetworkGone(pod: Pod, ip: string): Promise<void>;
};

/** Everything that the workers of all pods share. */
export type NodeContext = {
  nodeName: string;
  runtime: Runtime;
  client: Client;
  clock: Clock;
  log: Log;
  record: Recorder;
  observed: Observed;
  volumes: Volumes;
  cgroups: Cgroups;
  prober: Prober;
  sources: Sources;
  statuses: StatusWriter;
  records: Records;
  network: NetworkHooks;
  /** Runs the work when fewer than a few others start something: more at once only make each slower. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Gets an image by the container's pull policy. Throws a PullError. */
  ensureImage(pod: Pod, container: ContainerSpec): Promise<Image>;
  facts(podIPs: string[]): NodeFacts;
  /** Whether containers that say nothing run under the runtime's seccomp profile, now. */
  seccompDefault(): boolean;
  seccompDirectory: string;
  nodeMemoryBytes: number;
  hostIP: string;
  podsDirectory: string;
  logsDirectory: string;
  clusterDns: ClusterDns;
  hostDns: Dns;
};
