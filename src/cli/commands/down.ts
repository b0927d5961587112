import { down as takeDown } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, withCluster } from '../command.ts';
import { withProgress } from '../progress.ts';

/** Stops a cluster: no process, mount, network namespace, nft table or cgroup of it is left. */
export const down: AddCommand = (program) => {
  withCluster(program.command('down'))
    .description('stop the cluster and everything it runs; its data stays for the next `up`')
    .option('--purge', 'forget the data, too: nothing of the cluster is left')
    .action(async (options: ClusterOptions & { purge?: boolean }) => {
      const chosen = { dataDirectory: options.dataDir, purge: options.purge === true };
      const found = await withProgress((progress) => takeDown(chosen, progress));
      if (!found) process.stdout.write(`There is no cluster in ${options.dataDir}.\n`);
      else if (options.purge) process.stdout.write(`The cluster and its data in ${options.dataDir} are gone.\n`);
      else process.stdout.write(`The cluster is stopped; its data stays in ${options.dataDir}.\n`);
    });
};
