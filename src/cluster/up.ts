import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lease, Node } from '../api/schema/types.d.ts';
import { type Client, createClient } from '../client/client.ts';
import { createHttpsTransport } from '../client/https-transport.ts';
import { systemClock } from '../foundation/clock.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { prepareInterface } from '../network/network.ts';
import { openKeyFile } from '../store/store.ts';
import { type CertificateAuthority, type Credential, openAuthority } from './certificates/authority.ts';
import { identities } from './certificates/identities.ts';
import { checkKubeconfig, writeKubeconfig } from './certificates/kubeconfig.ts';
import { readServiceAccountKeys } from './certificates/service-account-keys.ts';
import {
  type Choices,
  type Configuration,
  clusterId,
  configure,
  gatewayAddress,
  layout,
  readConfiguration,
  writeConfiguration,
} from './configuration.ts';
import { withLock } from './lock.ts';
import { networkState, type ProcessName } from './places.ts';
import { checkMachine, checkPort } from './preflight.ts';
import { countCrashes, lastLogLines } from './processes/logs.ts';
import { endOrphan, isCurrent, own, startProcess, stopProcess } from './processes/processes.ts';
import { runningSupervisor } from './processes/running.ts';
import { tellsModes } from './protections/objects.ts';
import { configuredMode } from './protections/protections.ts';
import { forgetOldKeys } from './rotate-keys.ts';

/** Tells whoever watches what is going on. */
export type Steps = { step(what: string): void };

const readyTimeoutMs = 60_000;
/** A process that ends this often will not start by waiting. */
const crashesMax = 3;

/**
 * Idempotent: what runs as it would be started now is left alone, what does not run is started, and what runs with
 * another program or other choices (or everything, with `restart`) is started again; containers go on meanwhile.
 * Returns where the kubeconfig is and the name of its context.
 */
export async function up(
  choices: Choices,
  steps: Steps,
  { restart = false } = {},
): Promise<{ kubeconfig: string; context: string }> {
  const configuration = configure(choices);
  steps.step('Looking at this machine');
  checkMachine(configuration);
  await checkKubeconfig(configuration.kubeconfig);
  return withLock(configuration, async () => {
    const outdated = await findOutdated(configuration, restart);
    if (outdated.length > 0) steps.step(`Stopping what has to start anew: ${outdated.join(', ')}`);
    for (const name of outdated) await stopProcess(name, configuration);
    return start(configuration, steps);
  });
}

/** What runs and has to start again, the agent first. Refuses ports that are taken before anything is stopped. */
async function findOutdated(configuration: Configuration, restart: boolean): Promise<ProcessName[]> {
  const before = readConfiguration(configuration.dataDirectory) ?? configuration;
  const ports = { server: configuration.apiPort, agent: configuration.kubeletPort };
  const portsBefore = { server: before.apiPort, agent: before.kubeletPort };
  const outdated: ProcessName[] = [];
  for (const name of ['agent', 'server'] as const) {
    const running = runningSupervisor(name, configuration) !== undefined;
    if (!running) await endOrphan(name, configuration);
    if (!running || ports[name] !== portsBefore[name]) await checkPort('127.0.0.1', ports[name], '--port');
    if (running && (restart || !isCurrent(name, configuration))) outdated.push(name);
  }
  return outdated;
}

async function start(configuration: Configuration, steps: Steps): Promise<{ kubeconfig: string; context: string }> {
  const authority = prepare(configuration);
  const admin = authority.issue(identities.admin());
  const url = apiUrl(configuration);
  const client = adminClient(configuration, authority.certificate, admin);

  steps.step('Starting the API server');
  await prepareInterface({
    clusterId: clusterId(configuration),
    stateDirectory: networkState(configuration),
    gatewayAddress: gatewayAddress(configuration),
    serviceCIDR: configuration.serviceCIDR,
  });
  startProcess('server', configuration);
  await until('the API server', configuration, 'server', async () => (await client.raw('GET', '/readyz')).code === 200);
  const entry = { name: configuration.name, server: url, authority: authority.certificate };
  await writeKubeconfig(configuration.kubeconfig, { ...entry, credential: admin });

  steps.step('Starting the node');
  const sinceMs = runningSupervisor('agent', configuration) === undefined ? Date.now() : 0;
  startProcess('agent', configuration);
  await until(`the node ${configuration.nodeName}`, configuration, 'agent', () =>
    nodeReady(client, configuration.nodeName, sinceMs),
  );
  // It answers before its controllers run: when these cannot, it ends.
  await until('the API server', configuration, 'server', () =>
    tellsModes(client, (id) => configuredMode(id, configuration)),
  );
  // A node may not say this about itself: roles attract pods.
  const labels = { 'node-role.kubernetes.io/control-plane': '' };
  await client.patch('nodes', { name: configuration.nodeName }, { type: 'merge', body: { metadata: { labels } } });
  forgetOldKeys(configuration);
  return { kubeconfig: configuration.kubeconfig, context: configuration.name };
}

export const apiUrl = ({ apiPort }: Configuration) => `https://127.0.0.1:${apiPort}`;

/** A client with the administrator's rights. */
export function adminClient(configuration: Configuration, authority: string, credential: Credential): Client {
  const given = (text: string) => ({ bytes: Buffer.from(text) });
  const connection = {
    server: apiUrl(configuration),
    certificateAuthority: given(authority),
    clientCertificate: given(credential.certificate),
    clientKey: given(credential.key),
  };
  return createClient(createHttpsTransport(connection));
}

/** Ready by what this agent reports: what an earlier one said is kept in the API. */
async function nodeReady(client: Client, name: string, sinceMs: number): Promise<boolean> {
  const lease = await client.get<Lease>('leases.coordination.k8s.io', { namespace: 'kube-node-lease', name });
  if (Date.parse(lease.spec?.renewTime ?? '') < sinceMs) return false;
  const node = await client.get<Node>('nodes', { name });
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Makes the directories, the authority and the keys, and gives the API server what is its own. */
function prepare(configuration: Configuration): CertificateAuthority {
  const { server, agent, pki, encryptionKeys, logs, processes } = layout(configuration);
  writeConfiguration(configuration);
  for (const directory of [server, agent, pki]) mkdirSync(directory, { recursive: true, mode: 0o700 });
  for (const directory of [logs, processes]) mkdirSync(directory, { recursive: true, mode: 0o755 });
  // Made here, as the server's process may neither make nor sync key files.
  const authority = openAuthority(pki, systemClock);
  readServiceAccountKeys(pki, systemClock);
  openKeyFile(encryptionKeys);
  own(server, configuration.serverUid);
  return authority;
}

/** Asks until the answer is yes; says what the process printed when it never is. */
async function until(
  what: string,
  configuration: Configuration,
  process: 'server' | 'agent',
  ask: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  const crashes = countCrashes(process, configuration);
  let why = '';
  while (performance.now() < deadline && countCrashes(process, configuration) - crashes < crashesMax) {
    try {
      if (await ask()) return;
      why = '';
    } catch (error) {
      why = (error as Error).message;
    }
    await delay(20);
  }
  const ends = lastLogLines(process, configuration);
  const often = countCrashes(process, configuration) - crashes;
  const when =
    often < crashesMax ? `was not ready within ${readyTimeoutMs / 1000} s` : `ended ${often} times at its start`;
  throw new UsageError(`${what} ${when}${why === '' ? '' : ` (${why})`}.\n${ends}`);
}
