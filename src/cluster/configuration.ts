import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { makeFolder } from '../foundation/make-folder.ts';
import { writePrivateFile } from '../foundation/private-file.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { type Modes, protections, type RelaxedMode } from './protections/protections.ts';

/** What was chosen for one cluster on one machine; written once by `rempart up`, read by every process of it. */
export type Configuration = {
  name: string;
  nodeName: string;
  dataDirectory: string;
  runDirectory: string;
  kubeconfig: string;
  /** Where the API listens besides the loopback address; empty by default. */
  listen: string[];
  /** Client addresses that may open a connection, besides this machine and its pods. */
  allowFrom: string[];
  apiPort: number;
  kubeletPort: number;
  podCIDR: string;
  serviceCIDR: string;
  relaxed: Modes;
  /** User and group of the API server's process. */
  serverUid: number;
};

export type Choices = Partial<
  Pick<Configuration, 'dataDirectory' | 'kubeconfig' | 'listen' | 'allowFrom' | 'apiPort' | 'podCIDR' | 'serviceCIDR'>
> & { relax?: string[]; runDirectory?: string };

const defaultDataDirectory = '/var/lib/rempart';
const defaultRunDirectory = '/run/rempart';
/** No account of this id exists on a Debian machine, and systemd does not hand it out. */
const serverUid = 61_723;

/** Where everything of a cluster lies. The API server owns `server`, with a copy of the configuration; root owns `agent`. */
export function layout({ dataDirectory, runDirectory }: Pick<Configuration, 'dataDirectory' | 'runDirectory'>) {
  return {
    configuration: join(dataDirectory, 'cluster.json'),
    kubeconfig: join(dataDirectory, 'admin.kubeconfig'),
    server: join(dataDirectory, 'server'),
    serverConfiguration: join(dataDirectory, 'server/cluster.json'),
    store: join(dataDirectory, 'server/store.db'),
    pki: join(dataDirectory, 'server/pki'),
    encryptionKeys: join(dataDirectory, 'server/encryption-keys.json'),
    sealedWith: join(dataDirectory, 'server/sealed-with'),
    audit: join(dataDirectory, 'server/audit'),
    observations: join(dataDirectory, 'server/observations'),
    agent: join(dataDirectory, 'agent'),
    agentPki: join(dataDirectory, 'agent/pki'),
    containerd: join(dataDirectory, 'agent/containerd'),
    archives: join(dataDirectory, 'archives'),
    volumes: join(dataDirectory, 'volumes'),
    breakGlass: join(dataDirectory, 'break-glass.kubeconfig'),
    logs: join(dataDirectory, 'log'),
    serverLogs: join(dataDirectory, 'log/server'),
    agentLogs: join(dataDirectory, 'log/agent'),
    podLogs: join(dataDirectory, 'log/pods'),
    staticPods: join(dataDirectory, 'static-pods'),
    containerdState: join(runDirectory, 'containerd'),
    containerdSocket: join(runDirectory, 'containerd.sock'),
    processes: join(runDirectory, 'processes'),
    /** Beside the run directory, which `down` removes. */
    lock: `${runDirectory}.lock`,
  };
}

/** Short and stable: part of the names of interfaces, nft tables and cgroups, so that clusters do not collide. */
export const clusterId = ({ dataDirectory }: Pick<Configuration, 'dataDirectory'>) =>
  dataDirectory === defaultDataDirectory
    ? 'main'
    : createHash('sha256').update(dataDirectory).digest('hex').slice(0, 6);

/** The first address of the pod range belongs to the node: pods reach the API and DNS there. */
export const gatewayAddress = ({ podCIDR }: Pick<Configuration, 'podCIDR'>) => addressIn(podCIDR, 1);
export const apiServiceAddress = ({ serviceCIDR }: Pick<Configuration, 'serviceCIDR'>) => addressIn(serviceCIDR, 1);
export const dnsServiceAddress = ({ serviceCIDR }: Pick<Configuration, 'serviceCIDR'>) => addressIn(serviceCIDR, 10);
/** One node's share of the pod range: the first /24 of it. */
export const nodePodCIDR = ({ podCIDR }: Pick<Configuration, 'podCIDR'>) => `${addressIn(podCIDR, 0)}/24`;

function addressIn(cidr: string, offset: number): string {
  const bytes = ipaddr.IPv4.networkAddressFromCIDR(cidr).toByteArray();
  bytes[3] = bytes[3]! + offset;
  return new ipaddr.IPv4(bytes).toString();
}

/**
 * Reads the configuration that `rempart up` wrote; undefined when there is no cluster in that directory. Throws
 * UsageError when the file is damaged, or may not be read.
 */
export function readConfiguration(dataDirectory: string): Configuration | undefined {
  const file = join(resolve(dataDirectory), 'cluster.json');
  let read: Partial<Configuration> | null;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') throw new UsageError(`${file} is not for everybody: run this as root (with sudo).`);
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
  // What else is in it was checked when it was written; without these two, `down` would not know what to remove.
  if (typeof read?.dataDirectory !== 'string' || typeof read.runDirectory !== 'string')
    throw new UsageError(`${file} is not the configuration of a cluster: put it back from a copy, or remove it`);
  return read as Configuration;
}

/** The API server's own copy, as `readConfiguration`. */
export const readServerConfiguration = (dataDirectory: string): Configuration | undefined =>
  readConfiguration(join(dataDirectory, 'server'));

/** What is already configured, changed by what was chosen now. Throws UsageError for choices that make no sense. */
export function configure(chosen: Choices): Configuration {
  const dataDirectory = resolve(chosen.dataDirectory ?? defaultDataDirectory);
  const isMain = dataDirectory === defaultDataDirectory;
  const existing = readConfiguration(dataDirectory);
  const name = isMain ? 'rempart' : `rempart-${clusterId({ dataDirectory })}`;
  const runDirectory = isMain ? defaultRunDirectory : `${defaultRunDirectory}-${clusterId({ dataDirectory })}`;
  const configuration: Configuration = {
    name,
    nodeName: nodeNameOf(hostname()),
    dataDirectory,
    runDirectory,
    kubeconfig: layout({ dataDirectory, runDirectory }).kubeconfig,
    listen: [],
    allowFrom: [],
    apiPort: 6443,
    kubeletPort: 10_250,
    podCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/16',
    relaxed: {},
    serverUid,
    ...existing,
    ...definedOf({
      kubeconfig: chosen.kubeconfig && resolve(chosen.kubeconfig),
      listen: chosen.listen,
      allowFrom: chosen.allowFrom,
      apiPort: chosen.apiPort,
      podCIDR: chosen.podCIDR,
      serviceCIDR: chosen.serviceCIDR,
      runDirectory: chosen.runDirectory,
    }),
  };
  configuration.relaxed = { ...configuration.relaxed, ...parseRelaxations(chosen.relax ?? []) };
  // One port above the API's, so that two clusters that differ in --port differ in both.
  if (chosen.apiPort !== undefined && existing === undefined && chosen.apiPort !== 6443)
    configuration.kubeletPort = chosen.apiPort + 1;
  checkChoices(configuration, existing);
  return configuration;
}

export function writeConfiguration(configuration: Configuration): void {
  const { configuration: file, server, serverConfiguration } = layout(configuration);
  makeFolder(configuration.dataDirectory);
  makeFolder(server, 0o700);
  const text = `${JSON.stringify(configuration, null, 2)}\n`;
  // The kubelet's is for root alone (CIS 4.1.9), and the API server is not root.
  for (const place of [file, serverConfiguration]) writePrivateFile(place, text);
}

function definedOf<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** A node's name is a DNS subdomain, whatever the host is called. */
export function nodeNameOf(host: string): string {
  const name = host.toLowerCase().replace(/[^a-z0-9.-]+/g, '-');
  return name.replace(/^[-.]+|[-.]+$/g, '').slice(0, 253) || 'node';
}

function parseRelaxations(words: string[]): Modes {
  const relaxed: Modes = {};
  for (const word of words) {
    const [id = '', mode = 'off'] = word.split('=');
    const protection = protections.find((each) => each.id === id);
    if (!protection)
      throw new UsageError(
        `--relax ${word}: no such protection. There are: ${protections.map((each) => each.id).join(', ')}`,
      );
    const { default: standard, relaxedModes, relaxedBy } = protection;
    if (mode !== standard && relaxedBy !== undefined)
      throw new UsageError(`--relax ${word}: how ${id} is relaxed: ${relaxedBy}`);
    if (mode !== standard && !relaxedModes.includes(mode as RelaxedMode))
      throw new UsageError(`--relax ${word}: ${id} can be ${[standard, ...relaxedModes].join(', ')}`);
    relaxed[id] = mode;
  }
  return relaxed;
}

/** For Services of type NodePort: what comes in there goes to their pods, whoever else listens. */
export const nodePorts = { from: 30_000, to: 32_767 };

function checkChoices(configuration: Configuration, existing: Configuration | undefined): void {
  const { listen, allowFrom, apiPort, podCIDR, serviceCIDR } = configuration;
  if (!Number.isInteger(apiPort) || apiPort < 1024 || apiPort > 65_534)
    throw new UsageError(`--port ${apiPort}: the API server is not root, so choose a port from 1024 to 65534`);
  // The node agent's is the next one.
  if (apiPort !== existing?.apiPort && apiPort + 1 >= nodePorts.from && apiPort <= nodePorts.to)
    throw new UsageError(
      `--port ${apiPort}: this port and the next one must not be among those of Services, ` +
        `${nodePorts.from} to ${nodePorts.to}: choose another one`,
    );
  for (const cidr of [podCIDR, serviceCIDR])
    if (!ipaddr.IPv4.isValidCIDR(cidr) || Number(cidr.split('/')[1]) > 24 || Number(cidr.split('/')[1]) < 8)
      throw new UsageError(`${cidr} is not an IPv4 range between a /8 and a /24, such as 10.244.0.0/16`);
  if (existing === undefined) checkRanges(podCIDR, serviceCIDR);
  for (const address of listen) if (!isIPv4(address)) throw new UsageError(`--listen ${address}: not an IPv4 address`);
  for (const cidr of allowFrom)
    if (!ipaddr.isValidCIDR(cidr)) throw new UsageError(`--allow-from ${cidr}: not a range such as 192.0.2.0/24`);
  const exposed = listen.filter((address) => !address.startsWith('127.'));
  if (exposed.length > 0 && allowFrom.length === 0)
    throw new UsageError(
      `--listen ${exposed[0]} opens the API to a network: say who may connect with --allow-from CIDR (0.0.0.0/0 for all)`,
    );
  if (existing && (existing.podCIDR !== podCIDR || existing.serviceCIDR !== serviceCIDR))
    throw new UsageError(
      `this cluster has pods in ${existing.podCIDR} and services in ${existing.serviceCIDR}; ` +
        'they cannot change while it exists: `rempart down --purge` first',
    );
}

function checkRanges(podCIDR: string, serviceCIDR: string): void {
  for (const cidr of [podCIDR, serviceCIDR])
    if (addressIn(cidr, 0) !== cidr.split('/')[0])
      throw new UsageError(`${cidr} does not begin at the first address of its range, ${addressIn(cidr, 0)}`);
  const [pods, services] = [ipaddr.IPv4.parseCIDR(podCIDR), ipaddr.IPv4.parseCIDR(serviceCIDR)];
  if (pods[0].match(services) || services[0].match(pods))
    throw new UsageError(`pods (${podCIDR}) and services (${serviceCIDR}) need ranges that do not overlap`);
}
