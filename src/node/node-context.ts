import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../api/object.ts';
import type { Pod } from '../api/schema/types.d.ts';
import { createRecorder } from '../reconcile/events.ts';
import type { AgentOptions } from './agent.ts';
import { noCgroups } from './cgroups.ts';
import { parseResolvConf } from './environment/host-names.ts';
import { createPuller } from './images/pull.ts';
import { createPulledImages } from './images/pulled.ts';
import type { Machine } from './machine.ts';
import type { NetworkHooks, NodeContext, Recorder } from './pods/context.ts';
import { ensureImage } from './pods/image.ts';
import { createObserved, hasHad } from './pods/observed.ts';
import { createRecords } from './pods/records.ts';
import { createStatusWriter } from './pods/status-writer.ts';
import type { PodWorker } from './pods/worker.ts';
import { createProber } from './probes/prober.ts';
import type { NodeOptions } from './reporting/node-status.ts';
import type { Image } from './runtimes/runtime.ts';
import { createSources } from './sources.ts';
import { createTurns } from './turns.ts';
import { createVolumes } from './volumes/volumes.ts';

/** containerd starts more pods per second this way than when all come at once. */
const startsAtOnce = 8;
/** Far beyond any start that ends: some containers, such as one with a path too long for runc to complain of, never do. */
const startMsMax = 10_000;

export type ContextParts = {
  node: NodeOptions;
  podsDirectory: string;
  memoryDirectory: string;
  localPathRoot: string;
  /** By uid; pods come later than what they are made with. */
  worker(uid: string): PodWorker | undefined;
};

/** Puts together what the workers of all pods share. */
export function createNodeContext(options: AgentOptions, parts: ContextParts): NodeContext {
  const { nodeName, client, runtime, services, logsDirectory, mounter, clock, log } = options;
  const { node, podsDirectory, memoryDirectory, localPathRoot, worker } = parts;
  const { machine } = node;
  const record = recorderOf(options);
  const onChange = (uid: string) => worker(uid)?.wake();
  const sources = createSources({ client, services, clock, log, onChange: (uid) => worker(uid)?.refresh() });
  const observed = createObserved({ runtime, clock, log, onChange });
  const images = {
    secret: sources.secret,
    hasHad: (pod: Pod, image: Image) => hasHad(observed.ofPod(pod.metadata.uid!), image),
    record,
  };
  const pulled = createPulledImages(join(options.dataDirectory, 'pulled-images.json'), log);
  const puller = createPuller({ images: runtime.images, pulled, log });
  const onFailure = (uid: string, container: string, kind: string, message: string) => {
    const pod = worker(uid)?.memory.pod;
    const name = kind[0]!.toUpperCase() + kind.slice(1);
    if (pod) record(pod, 'Warning', 'Unhealthy', `${name} probe failed: ${message}`, container);
  };
  return {
    ...{ nodeName, runtime, client, clock, log, record, observed, sources, podsDirectory, logsDirectory },
    volumes: createVolumes({ podsDirectory, memoryDirectory, localPathRoot, sources, mounter }),
    cgroups: options.cgroups ?? noCgroups,
    prober: createProber({ runtime, clock, onChange, onFailure }),
    statuses: createStatusWriter({ client, clock, log }),
    records: createRecords(podsDirectory, log),
    network: { ...noNetwork, ...options.network },
    inTurn: createTurns(startsAtOnce, startMsMax, clock),
    ensureImage: (pod, container) => ensureImage(runtime.images, puller, images, pod, container),
    facts: (podIPs) => ({ nodeName, hostIP: machine.address, podIPs, allocatable: allocatableOf(node) }),
    seccompDefault: options.seccompDefault ?? (() => true),
    seccompDirectory: join(options.dataDirectory, 'seccomp'),
    nodeMemoryBytes: machine.memoryBytes,
    hostIP: machine.address,
    clusterDns: options.clusterDns,
    hostDns: parseResolvConf(readText('/etc/resolv.conf')),
  };
}

const none = async () => {};
const noNetwork: NetworkHooks = { beforePodStarts: none, podNetworkReady: none, podNetworkGone: none };

function recorderOf({ client, nodeName, clock, log }: AgentOptions): Recorder {
  const recorder = createRecorder({ client, component: 'kubelet', host: nodeName, clock, log });
  return (pod, type, reason, message, container) =>
    recorder(pod as KubernetesObject, type, reason, message, container && fieldPathOf(pod, container));
}

function fieldPathOf({ spec }: Pod, container: string): string {
  const isInit = spec!.initContainers?.some(({ name }) => name === container);
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container}}`;
}

const allocatableOf = ({ machine, reserved }: { machine: Machine } & Pick<NodeOptions, 'reserved'>) => ({
  cpuMilli: machine.cpuMilli - reserved.cpuMilli,
  memoryBytes: machine.memoryBytes - reserved.memoryBytes,
  ephemeralBytes: machine.diskBytes - reserved.diskBytes,
});

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
