// Makes a checkout ready to run. Plain JavaScript for Node 20: it runs before any dependency exists.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const platform = `${process.platform}-${process.arch}`;
const pinnedNode = join(root, `tools/node/node_modules/node-${platform}/bin/node`);
const leastMajor = 26;

/** Path of a Node that is new enough for development: the machine's own, else the pinned one. Call setUp first. */
export function nodePath() {
  return existsSync(pinnedNode) ? pinnedNode : process.execPath;
}

/** Installs what the lock files say, and the pinned Node when the machine's is older. Says so first; quick when done. */
export function setUp() {
  const needsNode = Number(process.versions.node.split('.')[0]) < leastMajor;
  if (needsNode) install('tools/node', `Node ${leastMajor} (this machine has ${process.versions.node})`);
  if (needsNode && !existsSync(pinnedNode))
    fail(`No pinned Node for ${platform}: install Node ${leastMajor} or newer yourself, then run the command again.`);
  install('.', 'the dependencies');
}

/** `npm ci` in a folder, unless it was done for this very lock file. */
export function install(folder, what) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, folder, 'node_modules/.rempart-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write(`Installing ${what} from ${join(folder, 'package-lock.json')} …\n`);
  const result = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-progress', '--no-update-notifier', '--loglevel=error'],
    {
      cwd: join(root, folder),
      stdio: ['ignore', 2, 2],
    },
  );
  if (result.status !== 0) fail(`npm ci failed in ${join(root, folder)}; its message is above.`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp();
