import { basename } from 'node:path';
import { buildImage, importImage, listImages } from '../../cluster/cluster.ts';
import type { AddCommand } from '../command.ts';

/** Images without a registry: made from Debian packages, loaded from archives into the node's containerd. */
export const images: AddCommand = (program) => {
  const group = program.command('images').description('images on this node, without a registry');
  group
    .command('build <specification> [archive]')
    .description('build a minimal image from Debian packages and own files; writes an OCI archive')
    .action(async (specification: string, archive?: string) => {
      const target = archive ?? `${basename(specification, '.json')}.tar`;
      const { name, digest, sizeBytes } = await buildImage(specification, target);
      process.stdout.write(`${name} ${digest} ${megabytes(sizeBytes)} ${target}\n`);
    });
  group
    .command('import <archive...>')
    .description('load OCI image archives (tar) into this node')
    .option('--data-dir <directory>', 'the cluster', '/var/lib/rempart')
    .action(async (archives: string[], options: { dataDir: string }) => {
      for (const archive of archives)
        for (const name of await importImage(options.dataDir, archive)) process.stdout.write(`${name}\n`);
    });
  group
    .command('list')
    .description('the images on this node')
    .option('--data-dir <directory>', 'the cluster', '/var/lib/rempart')
    .action(async (options: { dataDir: string }) => {
      for (const { name, sizeBytes } of await listImages(options.dataDir))
        process.stdout.write(`${name} ${megabytes(sizeBytes)}\n`);
    });
};

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
