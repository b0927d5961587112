import { chownSync, lchownSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
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
import { writeKubeconfig } from './certificates/kubeconfig.ts';
import { readServiceAccountKeys } from './certificates/service-account-keys.ts';
import {
  type Choices,
  type Configuration,
  clusterId,
  configure,
  gatewayAddress,
  layout,
  writeConfiguration,
} from './configuration.ts';
import { networkState } from './places.ts';
import { checkMachine, checkPort } from './preflight.ts';
import { endOrphan, lastLogLines, runningSupervisor, startProcess } from './processes.ts';

/** Tells whoever watches what is going on. */
export type Steps = { step(what: string): void };

const readyTimeoutMs = 60_000;

/**
 * Idempotent: what runs already is left alone, what does not is started. Returns where the kubeconfig is and the name
 * of its context.
 */
export async function up(choices: Choices, steps: Steps): Promise<{ kubeconfig: string; context: string }> {
  const configuration = configure(choices);
  steps.step('Looking at this machine');
  await checkMachine(configuration);
  const ports = { server: configuration.apiPort, agent: configuration.kubeletPort };
  for (const name of ['server', 'agent'] as const) {
    if (runningSupervisor(name, configuration) !== undefined) continue;
    await endOrphan(name, configuration);
    await checkPort('127.0.0.1', ports[name], '--port');
  }
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
  // A node may not say this about itself: roles attract pods.
  const labels = { 'node-role.kubernetes.io/control-plane': '' };
  await client.patch('nodes', { name: configuration.nodeName }, { type: 'merge', body: { metadata: { labels } } });
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

/** Changes the owner of a directory and everything in it; links are not followed. */
function own(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) own(join(path, entry.name), uid);
    else lchownSync(join(path, entry.name), uid, uid);
  }
}

/** Asks until the answer is yes; says what the process printed when it never is. */
async function until(
  what: string,
  configuration: Configuration,
  process: 'server' | 'agent',
  ask: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  let why = '';
  while (performance.now() < deadline) {
    try {
      if (await ask()) return;
    } catch (error) {
      why = (error as Error).message;
    }
    await delay(20);
  }
  const log = join(layout(configuration).logs, `${process}.log`);
  throw new UsageError(
    `${what} was not ready within ${readyTimeoutMs / 1000} s (${why}). The end of ${log}:\n${lastLogLines(process, configuration)}`,
  );
}
