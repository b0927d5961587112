import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createCache, createCaches } from '../../client/cache.ts';
import { type Client, createClient } from '../../client/client.ts';
import { createHttpsTransport } from '../../client/https-transport.ts';
import { systemClock } from '../../foundation/clock.ts';
import { createLog, type Log } from '../../foundation/log.ts';
import { writePrivateFile } from '../../foundation/private-file.ts';
import { createRotatingFile } from '../../foundation/rotating-file.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { createNetwork, type FlowReport, type Network, podsWithAddress } from '../../network/network.ts';
import {
  type Agent,
  type AgentOptions,
  canLimitProcesses,
  createAccess,
  createAgent,
  createCgroups,
  createContainerdRuntime,
  createKubeletServer,
  type KubeletServer,
  publishHostFacts,
  type Runtime,
  startContainerd,
  systemMounter,
  writeCniConfig,
} from '../../node/node.ts';
import { readIsolation } from '../../policy/policy.ts';
import {
  type CertificateAuthority,
  type Credential,
  type IssueOptions,
  openAuthority,
} from '../certificates/authority.ts';
import { identities } from '../certificates/identities.ts';
import { keepKubeconfigFresh } from '../certificates/kubeconfig-renewal.ts';
import { keepRenewed } from '../certificates/renewal.ts';
import {
  apiServiceAddress,
  type Configuration,
  clusterId,
  dnsServiceAddress,
  gatewayAddress,
  layout,
  nodePodCIDR,
  readConfiguration,
} from '../configuration.ts';
import { containerdPaths, logFiles, networkState, nodeCgroup } from '../places.ts';
import { modeInForce } from '../protections/objects.ts';
import { modeOf } from '../protections/protections.ts';
import { createAllowList } from '../server/allow-list.ts';
import { collectStartGarbage } from '../server/start-garbage.ts';
import { apiUrl } from '../up.ts';
import { hostFactsOf } from './host-facts.ts';

const clock = systemClock;
const clusterDomain = 'cluster.local';

/** The node's process: containers, network and DNS. Runs until SIGTERM; what it runs goes on without it. */
export async function runAgent(dataDirectory: string): Promise<void> {
  const configuration = readConfiguration(dataDirectory);
  if (!configuration) throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  mkdirSync(layout(configuration).agentLogs, { recursive: true, mode: 0o750 });
  const log = createLog('agent', 'info', createRotatingFile(logFiles('agent', configuration).log));
  try {
    await serve(configuration, log);
  } catch (error) {
    log.error('the node agent cannot run', { error });
    process.exit(1);
  }
}

async function serve(configuration: Configuration, log: Log): Promise<void> {
  const { pki, agentPki } = layout(configuration);
  const authority = openAuthority(pki, clock);
  mkdirSync(agentPki, { recursive: true, mode: 0o700 });
  const clientAs = (name: string, identity: IssueOptions) => clientOf(configuration, authority, name, identity, log);

  const networkClient = clientAs('network', identities.network(configuration.nodeName));
  const caches = createCaches(networkClient, { clock, log });
  const pods = createCache(networkClient, 'pods', podsWithAddress, { clock, log });
  const cacheOf = (resource: string) => (resource === 'pods' ? pods : caches(resource));
  const network = networkOf(configuration, cacheOf, networkClient, log);
  // While the API is away the network cannot be complete: what runs is looked after, and new pods wait for it.
  const networkStarted = network.start();
  networkStarted.catch(() => {});
  const containerd = await startContainerd({ ...containerdPaths(configuration), log });
  writeCniConfig(containerdPaths(configuration).cniConfDir, await network.cniConfig());
  const runtime = createContainerdRuntime({ socket: containerd.socket, log });
  const client = clientAs('node', identities.node(configuration.nodeName));
  const volumeClient = clientAs('volumes', identities.volumes(configuration.nodeName));
  const persistentVolumes = {
    client: volumeClient,
    cache: createCache(volumeClient, 'persistentvolumes', {}, { clock, log }),
  };
  const services = caches('services');
  const lookup = { get: (resource: string, namespace: string, name: string) => caches(resource).get(namespace, name) };
  const seccompDefault = () => modeInForce('seccomp', (id) => modeOf(id, configuration.relaxed), lookup) !== 'off';
  const agent = agentOf(configuration, { client, services, persistentVolumes, seccompDefault, runtime, network, log });
  const kubelet = await serveKubelet(configuration, authority, { agent, runtime, client, log });
  await Promise.all([agent.start(), networkStarted]);
  const kubeconfig = await keepKubeconfigFresh(configuration, authority, { clock, log });
  collectStartGarbage(clock);
  log.info('the node follows the API', { node: configuration.nodeName });
  if (!canLimitProcesses())
    log.warn(
      'a pod can use up the process ids of this machine: its kernel has no pids controller (CONFIG_CGROUP_PIDS)',
    );
  const collect = () => hostFactsOf(configuration, { ...kubelet.facts, seccompDefault: seccompDefault() }, runtime);
  const facts = publishHostFacts({ node: configuration.nodeName, client, collect, clock, log });

  await new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  facts.stop();
  await kubeconfig.stop();
  await kubelet.close();
  await agent.stop();
  await network.stop();
  caches.stop();
  pods.stop();
  persistentVolumes.cache.stop();
  containerd.release();
  await runtime.close();
  process.exit(0);
}

/** A client whose certificate lies in a file that is replaced before it expires: the transport reads it again. */
function clientOf(
  configuration: Configuration,
  authority: CertificateAuthority,
  name: string,
  identity: IssueOptions,
  log: Log,
): Client {
  const file = join(layout(configuration).agentPki, `${name}.pem`);
  keepRenewed({
    clock,
    load: () => undefined,
    issue: () => authority.issue(identity),
    use: ({ certificate, key }) => writePrivateFile(file, certificate + key),
    failed: (error) => log.error('a certificate could not be renewed', { error, name }),
  });
  const certificateAuthority = { bytes: Buffer.from(authority.certificate) };
  const connection = {
    server: apiUrl(configuration),
    certificateAuthority,
    clientCertificate: { file },
    clientKey: { file },
  };
  return createClient(createHttpsTransport(connection, { userAgent: `rempart-${name}` }));
}

function networkOf(configuration: Configuration, cache: (resource: string) => any, client: Client, log: Log): Network {
  const isObserved = modeOf('observations', configuration.relaxed) !== 'off';
  return createNetwork({
    clusterId: clusterId(configuration),
    nodeName: configuration.nodeName,
    cache,
    podCIDR: nodePodCIDR(configuration),
    clusterCIDR: configuration.podCIDR,
    serviceCIDR: configuration.serviceCIDR,
    dnsAddress: dnsServiceAddress(configuration),
    gatewayAddress: gatewayAddress(configuration),
    apiServiceAddress: apiServiceAddress(configuration),
    apiAddress: gatewayAddress(configuration),
    apiPort: configuration.apiPort,
    clusterDomain,
    configuredIsolation: readIsolation(modeOf('namespace-isolation', configuration.relaxed)),
    stateDirectory: networkState(configuration),
    ...(isObserved ? { report: reportsTo(client, configuration.nodeName) } : {}),
    log,
    clock,
  });
}

/** What the kernel saw goes to the API, which keeps it. */
const reportsTo = (client: Client, name: string) => async (spec: FlowReport) => {
  const kind = { apiVersion: 'defence.rempart.io/v1alpha1', kind: 'ObservationReport' };
  await client.create('observationreports.defence.rempart.io', { ...kind, metadata: { name }, spec });
};

type Parts = Pick<AgentOptions, 'client' | 'services' | 'persistentVolumes' | 'seccompDefault'> & {
  runtime: Runtime;
  network: Network;
  log: Log;
};

function agentOf(configuration: Configuration, parts: Parts): Agent {
  return createAgent({
    ...parts,
    nodeName: configuration.nodeName,
    dataDirectory: layout(configuration).agent,
    runDirectory: configuration.runDirectory,
    logsDirectory: layout(configuration).podLogs,
    localPathRoot: layout(configuration).volumes,
    staticPodsDirectory: layout(configuration).staticPods,
    clusterDns: { servers: [dnsServiceAddress(configuration)], domain: clusterDomain },
    podCIDR: nodePodCIDR(configuration),
    kubeletPort: configuration.kubeletPort,
    cgroups: createCgroups(nodeCgroup(configuration)),
    mounter: systemMounter,
    clock,
  });
}

/** Serves the kubelet's API: containers to the API server alone, pages about the node to whom that lets read them. */
async function serveKubelet(
  configuration: Configuration,
  authority: CertificateAuthority,
  { agent, runtime, client, log }: { agent: Agent; runtime: Runtime; client: Client; log: Log },
): Promise<KubeletServer> {
  const { address } = agent;
  let server: KubeletServer | undefined;
  const renewal = keepRenewed({
    clock,
    load: () => undefined,
    issue: () => authority.issue(identities.nodeServing(configuration.nodeName, [address])),
    use: (credential) => server?.renew(tlsOf(credential)),
    failed: (error) => log.error('the node’s certificate could not be renewed', { error }),
  });
  const tlsOf = ({ certificate, key }: Credential) => ({ cert: certificate, key, ca: authority.certificate });
  server = await createKubeletServer({
    ...{ address, port: configuration.kubeletPort, tls: tlsOf(renewal.current()), runtime, log },
    // The API server of this machine asks, and agents that watch it from its own network.
    allowConnection: createAllowList(['127.0.0.0/8', `${address}/32`]),
    access: createAccess({ client, nodeName: configuration.nodeName, apiServerName: 'kube-apiserver-kubelet-client' }),
    findSandboxes: async (namespace, pod) => agent.sandboxes(namespace, pod),
    pods: () => ({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: agent.pods() }),
    stats: agent.stats,
    metrics: agent.metrics,
    unhealthy: agent.unhealthy,
  });
  return server;
}
