import { importImage } from '../../cluster/cluster.ts';
import type { AddCommand } from '../command.ts';

/** Images without a registry: loads an OCI or docker archive into the node's containerd. */
export const images: AddCommand = (program) => {
  const group = program.command('images').description('images on this node');
  group
    .command('import <archive...>')
    .description('load OCI image archives (tar) into this node')
    .option('--data-dir <directory>', 'the cluster', '/var/lib/rempart')
    .action(async (archives: string[], options: { dataDir: string }) => {
      for (const archive of archives)
        for (const name of await importImage(options.dataDir, archive)) process.stdout.write(`${name}\n`);
    });
};
