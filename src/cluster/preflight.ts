import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { UsageError } from '../foundation/usage-error.ts';
import type { Configuration } from './configuration.ts';

/** Programs a node needs, and the Debian package that has each. */
const programs: { path: string[]; package: string }[] = [
  { path: ['/usr/bin/containerd', '/usr/local/bin/containerd'], package: 'containerd' },
  { path: ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/sbin/runc'], package: 'runc' },
  { path: ['/usr/lib/cni/ptp', '/opt/cni/bin/ptp'], package: 'containernetworking-plugins' },
  { path: ['/usr/sbin/nft', '/sbin/nft'], package: 'nftables' },
  { path: ['/usr/sbin/ip', '/sbin/ip', '/bin/ip'], package: 'iproute2' },
  { path: ['/usr/sbin/conntrack', '/sbin/conntrack'], package: 'conntrack' },
];

/** What is asked of a machine; tests hand in another one. */
export type Machine = {
  platform: string;
  uid: number;
  exists(path: string): boolean;
  /** Undefined when nftables works, otherwise what it says. */
  nftablesProblem(): string | undefined;
  nowMs: number;
  freeBytes(directory: string): number;
  writable(directory: string): boolean;
  addresses: string[];
};

const thisMachine = (): Machine => ({
  platform: process.platform,
  uid: process.getuid?.() ?? -1,
  exists: existsSync,
  nftablesProblem() {
    const { status, stderr, error } = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
    return status === 0 ? undefined : (error?.message ?? stderr).trim();
  },
  nowMs: Date.now(),
  freeBytes(directory) {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  },
  writable,
  addresses: Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address)),
});

/** Tried, not asked: a file system that is mounted read-only refuses root, too. */
function writable(directory: string): boolean {
  const file = join(directory, `.rempart-${process.pid}`);
  try {
    writeFileSync(file, '');
    rmSync(file);
    return true;
  } catch {
    return false;
  }
}

/** Refuses to start a node where it cannot work: throws a UsageError that says what is wrong and what to do. */
export function checkMachine(
  { dataDirectory, kubeconfig, listen }: Pick<Configuration, 'dataDirectory' | 'kubeconfig' | 'listen'>,
  machine: Machine = thisMachine(),
): void {
  if (machine.platform !== 'linux')
    throw new UsageError(
      'A node needs Linux. On this machine `rempart dev` runs a control plane with simulated nodes.',
    );
  if (machine.uid !== 0)
    throw new UsageError('A node runs containers and sets up their network: run this as root (sudo rempart up).');
  const missing = programs.filter(({ path }) => !path.some(machine.exists)).map((program) => program.package);
  if (missing.length > 0)
    throw new UsageError(
      `Missing on this machine: ${missing.join(', ')}. Install with: apt-get install ${missing.join(' ')}`,
    );
  const problem = machine.nftablesProblem();
  if (problem !== undefined)
    throw new UsageError(`nftables does not work in this kernel (needs CONFIG_NF_TABLES): ${problem}`);
  checkClock(machine.nowMs);
  checkDisk(dataDirectory, machine);
  writablePlace(dirname(kubeconfig), machine, 'another file with --kubeconfig FILE');
  for (const address of listen)
    if (!address.startsWith('127.') && address !== '0.0.0.0' && !machine.addresses.includes(address))
      throw new UsageError(
        `--listen ${address}: this machine has no such address; it has ${machine.addresses.join(', ')}`,
      );
}

/** Certificates made with a wrong clock are not valid elsewhere, or here once it is set. */
function checkClock(nowMs: number): void {
  if (nowMs < Date.UTC(2026, 0, 1))
    throw new UsageError(
      `The clock says ${new Date(nowMs).toISOString()}, which cannot be: set it (timedatectl set-ntp true).`,
    );
}

const leastFreeBytes = 512 * 2 ** 20;

function checkDisk(directory: string, machine: Machine): void {
  const existing = writablePlace(directory, machine, 'another place with --data-dir DIR');
  const free = machine.freeBytes(existing);
  if (free < leastFreeBytes)
    throw new UsageError(
      `Only ${Math.round(free / 2 ** 20)} MiB are free under ${existing}: make room, 512 MiB are needed.`,
    );
}

/** The directory, or the nearest above it that is there. */
function writablePlace(directory: string, machine: Machine, instead: string): string {
  let existing = directory;
  while (!machine.exists(existing)) existing = dirname(existing);
  if (!machine.writable(existing)) throw new UsageError(`${existing} cannot be written to: name ${instead}.`);
  return existing;
}

/** Throws a UsageError when something listens on a port already. */
export async function checkPort(address: string, port: number, flag: string): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, resolve);
    });
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is taken by another program' : (error as Error).message;
    throw new UsageError(
      `Port ${port} of ${address} ${why}. Choose another with ${flag}, or end that program (ss -ltnp).`,
    );
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
