// Installs the Debian packages that real containers need, when they are missing. Plain JavaScript for Node 20.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** A file of each package tells whether it is there. */
const packages = {
  containerd: '/usr/bin/containerd',
  runc: '/usr/sbin/runc',
  'containernetworking-plugins': '/usr/lib/cni/ptp',
  nftables: '/usr/sbin/nft',
  iproute2: '/usr/sbin/ip',
  conntrack: '/usr/sbin/conntrack',
};
const forTests = { 'busybox-static': '/usr/share/doc/busybox-static', openssl: '/usr/bin/openssl' };

/**
 * Says what it installs before it does. Without root, or off Debian, it only says what is missing: tests that need it
 * are then skipped with that reason.
 */
export function installPackages({ tests = false } = {}) {
  const wanted = Object.entries(tests ? { ...packages, ...forTests } : packages);
  const missing = wanted.filter(([, file]) => !existsSync(file)).map(([name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`Missing: ${missing.join(', ')}. Only root on Debian installs them here.\n`);
    return;
  }
  process.stderr.write(`Installing Debian packages: ${missing.join(', ')} …\n`);
  const apt = (...words) =>
    spawnSync('apt-get', ['-qq', ...words], {
      stdio: ['ignore', 'ignore', 2],
      // Debian's containerd would start a daemon of its own that nobody asked for.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    }).status;
  apt('update');
  if (apt('install', '-y', '--no-install-recommends', ...missing) !== 0) {
    process.stderr.write(`apt-get install ${missing.join(' ')} failed; its message is above.\n`);
    process.exit(1);
  }
}
