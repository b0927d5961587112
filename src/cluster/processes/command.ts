import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { programVersion } from '../../foundation/program-version.ts';
import { type Configuration, layout } from '../configuration.ts';
import type { ProcessName } from '../places.ts';
import { modeOf } from '../protections/protections.ts';

/** The checkout or the installed package: all code that a process may read. */
export const packageRoot = realpathSync(join(import.meta.dirname, '../../..'));
/** What npm installs beside a package is its code, too. */
const codeFolders = basename(dirname(packageRoot)) === 'node_modules' ? [dirname(packageRoot)] : [packageRoot];
const mainFile = existsSync(join(packageRoot, 'src/cli/main.ts')) ? 'src/cli/main.ts' : 'dist/cli/main.js';

/** The Node and the program that processes are started with: an upgrade, or another checkout, changes it. */
export const program = [process.execPath, packageRoot, programVersion()];

/** The command of a process, without its arguments: Node, its flags and the program. */
export const commandOf = (name: ProcessName, configuration: Configuration): string[] => [
  process.execPath,
  ...nodeFlags(name, configuration),
  join(packageRoot, mainFile),
  name,
];

/** Small heaps that are given back: these processes are idle most of the time and share the machine with the work. */
function nodeFlags(name: ProcessName, configuration: Configuration): string[] {
  // A busy server has megabytes of requests under way: the less room, the more often all of them are copied. What it grew
  // to at its start it gives back (server/start-garbage.ts). Young objects of the agent fit into little.
  const youngMegabytes = name === 'agent' ? 2 : 16;
  // More helpers of V8 than processors to spare only get in the way, and each has memory of its own.
  const helpers = Math.min(4, Math.max(1, availableParallelism() - 1));
  const flags = [
    ...['--disallow-code-generation-from-strings', '--no-warnings', '--expose-gc'],
    ...[`--max-semi-space-size=${youngMegabytes}`, `--v8-pool-size=${helpers}`],
  ];
  // The agent waits most of its life: what optimizes code has 10 MB of its own, and would save it microseconds.
  if (name === 'agent') return [...flags, '--no-opt', '--no-maglev'];
  if (modeOf('unprivileged-api-server', configuration.relaxed) === 'off') return flags;
  const { server, serverLogs } = layout(configuration);
  return [
    ...flags,
    '--permission',
    // Node 24 does not know this right yet, and leaves the network open.
    ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
    '--allow-worker',
    ...codeFolders.map((folder) => `--allow-fs-read=${folder}`),
    `--allow-fs-read=${configuration.dataDirectory}`,
    `--allow-fs-write=${server}`,
    `--allow-fs-write=${serverLogs}`,
  ];
}

/** Nothing of the environment of who typed `up` belongs into a service. */
export const environmentOf = (name: ProcessName, configuration: Configuration) => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  // One heap of the C library for all threads (glibc, mallopt(3)).
  MALLOC_ARENA_MAX: '1',
  NODE_COMPILE_CACHE: compileCacheOf(name, configuration),
});

export const compileCacheOf = (name: ProcessName, configuration: Configuration) =>
  join(layout(configuration)[name], 'code-cache');

/** Whether a process changes its user when it starts. */
export const isUnprivileged = (name: ProcessName, { relaxed }: Configuration) =>
  name === 'server' && modeOf('unprivileged-api-server', relaxed) !== 'off';

/** The program, what of the configuration it reads, and the authority: when one changes, the process has to start again. */
export function fingerprintOf(name: ProcessName, configuration: Configuration): string {
  const { listen, allowFrom, relaxed, kubeconfig, ...both } = configuration;
  const own =
    name === 'server'
      ? { listen, allowFrom, relaxed: Object.entries(relaxed).sort() }
      : { kubeconfig, isolation: modeOf('namespace-isolation', relaxed) };
  return createHash('sha256')
    .update(JSON.stringify([program, both, own, authorityOf(configuration)]))
    .digest('hex')
    .slice(0, 16);
}

/** Its owner moves a leaked one away: then there is none until `up` makes the next. */
function authorityOf(configuration: Configuration): string {
  const file = join(layout(configuration).pki, 'ca.crt');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
