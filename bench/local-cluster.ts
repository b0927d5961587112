import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { UsageError } from '../src/foundation/usage-error.ts';
import { installPackages } from '../tools/packages.mjs';

/** A cluster of this checkout, as a user would start it, in a directory of its own. */
export type LocalCluster = {
  kubeconfig: string;
  dataDirectory: string;
  /** Where containerd has its state and its socket. */
  runDirectory: string;
  containerdSocket: string;
  /** Builds one image of the example shop and loads it into the node. */
  buildImage(name: string): Promise<void>;
  up(): Promise<void>;
  down(): Promise<void>;
  /** Ends it and forgets it. */
  stop(): Promise<void>;
};

const root = join(import.meta.dirname, '..');
const rempart = join(root, 'bin/rempart');
/** Beside whatever cluster runs on this machine already. */
const apart = ['--port', '16443', '--pod-cidr', '10.245.0.0/16', '--service-cidr', '10.97.0.0/16'];

/** Throws UsageError with what `rempart` said when a cluster cannot run here; nothing of it is left then. */
export async function startLocalCluster(): Promise<LocalCluster> {
  installPackages();
  const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-bench-'));
  // The API server is not root and lives in there.
  chmodSync(dataDirectory, 0o755);
  const kubeconfig = join(dataDirectory, 'bench.kubeconfig');
  const run = async (...words: string[]) => {
    await promisify(execFile)(rempart, [...words, '--data-dir', dataDirectory]).catch((cause) => {
      throw new UsageError(cause.stderr?.trim() || cause.message, { cause });
    });
  };
  const up = () => run('up', '--kubeconfig', kubeconfig, ...apart);
  const stop = async () => {
    await run('down', '--purge');
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  await up().catch(async (error) => {
    await stop().catch(() => {});
    throw error;
  });
  const identifier = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 6);
  const runDirectory = `/run/rempart-${identifier}`;
  return {
    kubeconfig,
    dataDirectory,
    runDirectory,
    containerdSocket: `${runDirectory}/containerd.sock`,
    async buildImage(name) {
      const archive = join(dataDirectory, `${name}.tar`);
      const specification = join(root, `examples/shop/images/${name}.json`);
      await promisify(execFile)(rempart, ['images', 'build', specification, archive]);
      await promisify(execFile)(rempart, ['images', 'import', archive, '--data-dir', dataDirectory]);
    },
    up,
    down: () => run('down'),
    stop,
  };
}
