import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
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

/** The Debian packages that are missing on this machine. */
export const missingPackages = (): string[] =>
  programs.filter(({ path }) => !path.some(existsSync)).map((program) => program.package);

/** Refuses to start a node where it cannot work: throws a UsageError that says what is wrong and what to do. */
export async function checkMachine(configuration: Configuration): Promise<void> {
  if (process.platform !== 'linux')
    throw new UsageError(
      'A node needs Linux. On this machine `rempart dev` runs a control plane with simulated nodes.',
    );
  if (process.getuid?.() !== 0)
    throw new UsageError('A node runs containers and sets up their network: run this as root (sudo rempart up).');
  const missing = missingPackages();
  if (missing.length > 0)
    throw new UsageError(
      `Missing on this machine: ${missing.join(', ')}. Install with: apt-get install ${missing.join(' ')}`,
    );
  const nft = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' });
  if (nft.status !== 0)
    throw new UsageError(`nftables does not work in this kernel (needs CONFIG_NF_TABLES): ${nft.stderr.trim()}`);
  checkClock();
  checkDisk(configuration.dataDirectory);
}

/** Certificates made with a wrong clock are not valid elsewhere, or here once it is set. */
function checkClock(): void {
  const earliest = Date.UTC(2026, 0, 1);
  if (Date.now() < earliest)
    throw new UsageError(
      `The clock says ${new Date().toISOString()}, which cannot be: set it (timedatectl set-ntp true).`,
    );
}

const leastFreeBytes = 512 * 2 ** 20;

function checkDisk(directory: string): void {
  let existing = directory;
  while (!existsSync(existing)) existing = existing.slice(0, existing.lastIndexOf('/')) || '/';
  const { bavail, bsize } = statfsSync(existing);
  if (bavail * bsize < leastFreeBytes)
    throw new UsageError(
      `Only ${Math.round((bavail * bsize) / 2 ** 20)} MiB are free under ${existing}: make room, 512 MiB are needed.`,
    );
  accessSync(existing, constants.W_OK);
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
