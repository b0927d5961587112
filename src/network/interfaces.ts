import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { mustRun, type RunCommand } from './command.ts';
import { removeTable } from './nft/applier.ts';

export type InterfaceSettings = {
  clusterId: string;
  /** Where addresses given to pods and what was changed on the machine are remembered. */
  stateDirectory: string;
  gatewayAddress: string;
  serviceCIDR: string;
};

/** Names of one cluster on this machine. Interface names hold 15 bytes, nft names letters, digits and underscores. */
export function namesOf(clusterId: string) {
  if (!/^[a-z0-9]{1,11}$/.test(clusterId))
    throw new RangeError(`cluster id "${clusterId}" is not made of 1 to 11 small letters and digits`);
  return {
    interfaceName: `rp-${clusterId}`,
    servicesTable: `rempart_${clusterId}_services`,
    policiesTable: `rempart_${clusterId}_policies`,
    connectionsTable: `rempart_${clusterId}_connections`,
  };
}

const forwarding = '/proc/sys/net/ipv4/ip_forward';
const stateFile = (stateDirectory: string) => join(stateDirectory, 'network.json');

/** Makes the interface that holds the node's pod gateway address, and lets the kernel route. Idempotent. */
export async function setUpInterfaces(run: RunCommand, settings: InterfaceSettings): Promise<void> {
  const { clusterId, stateDirectory, gatewayAddress, serviceCIDR } = settings;
  const { interfaceName } = namesOf(clusterId);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  if (readFileSync(forwarding, 'utf8').trim() === '0') {
    // Written first: after a crash in between, removal still knows what was.
    writeFileSync(stateFile(stateDirectory), `${JSON.stringify({ forwardingWas: '0' })}\n`, { mode: 0o600 });
    writeFileSync(forwarding, '1');
  }
  const { code } = await run('ip', ['link', 'show', 'dev', interfaceName]);
  if (code !== 0) await addInterface(run, interfaceName);
  await mustRun(run, 'ip', ['address', 'replace', `${gatewayAddress}/32`, 'dev', interfaceName]);
  await mustRun(run, 'ip', ['link', 'set', 'dev', interfaceName, 'up']);
  // Service addresses lead here, not to the default route: the node reaches them even without one, and what no
  // service answers to never leaves the machine.
  await mustRun(run, 'ip', ['route', 'replace', serviceCIDR, 'dev', interfaceName, 'src', gatewayAddress]);
}

/** Kernels without dummy interfaces have bridges; one without ports holds an address just as well. */
async function addInterface(run: RunCommand, name: string): Promise<void> {
  const dummy = await run('ip', ['link', 'add', 'dev', name, 'type', 'dummy']);
  if (dummy.code !== 0) await mustRun(run, 'ip', ['link', 'add', 'dev', name, 'type', 'bridge']);
}

/**
 * Takes away everything of a cluster's network: tables, interface, addresses given to pods. Needs nothing running and
 * succeeds when there is nothing. Routing is switched off again only if it was off and no other cluster is here.
 */
export async function removeNetwork(
  run: RunCommand,
  settings: { clusterId: string; stateDirectory: string },
): Promise<void> {
  const { interfaceName, servicesTable, policiesTable, connectionsTable } = namesOf(settings.clusterId);
  await removeTable(run, 'ip', servicesTable);
  await removeTable(run, 'inet', policiesTable);
  await removeTable(run, 'inet', connectionsTable);
  const { code } = await run('ip', ['link', 'show', 'dev', interfaceName]);
  if (code === 0) await mustRun(run, 'ip', ['link', 'delete', 'dev', interfaceName]);
  const others = Object.keys(networkInterfaces()).some((name) => name.startsWith('rp-') && name !== interfaceName);
  if (!others && readState(settings.stateDirectory).forwardingWas === '0') writeFileSync(forwarding, '0');
  rmSync(settings.stateDirectory, { recursive: true, force: true });
}

function readState(stateDirectory: string): { forwardingWas?: string } {
  try {
    return JSON.parse(readFileSync(stateFile(stateDirectory), 'utf8'));
  } catch {
    return {};
  }
}

/** IPv4 addresses of this machine, loopback excepted. */
export const machineAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);

/** The MTU of the interface that leads outside; 1500 when there is none. */
export async function uplinkMtuBytes(run: RunCommand): Promise<number> {
  const [route] = JSON.parse((await mustRun(run, 'ip', ['-j', '-4', 'route', 'show', 'default'])) || '[]');
  if (route?.dev === undefined) return 1500;
  const [link] = JSON.parse(await mustRun(run, 'ip', ['-j', 'link', 'show', 'dev', route.dev]));
  return link.mtu;
}

/**
 * The CNI configuration list: one routed veth per pod (ptp), so that nftables' forward hook sees every packet.
 * Masquerading and host ports are this room's own: the plugins would need iptables for them.
 */
export function cniConfig({
  podCIDR,
  stateDirectory,
  mtuBytes,
}: {
  podCIDR: string;
  stateDirectory: string;
  mtuBytes: number;
}): string {
  const ipam = {
    type: 'host-local',
    dataDir: join(stateDirectory, 'addresses'),
    ranges: [[{ subnet: podCIDR }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const plugins = [{ type: 'ptp', ipMasq: false, mtu: mtuBytes, ipam }];
  return JSON.stringify({ cniVersion: '1.0.0', name: 'rempart', plugins }, undefined, 2);
}
