import { runServer, warm } from '../../cluster/cluster.ts';
import type { AddCommand } from '../command.ts';

/** The API server, the controllers and the scheduler of a cluster, in the foreground. `rempart up` starts it. */
export const server: AddCommand = (program) => {
  program
    .command('server', { hidden: true })
    .requiredOption('--data-dir <directory>', 'the cluster')
    .option('--warm', 'only compile the program')
    .action((options: { dataDir: string; warm?: boolean }) =>
      options.warm ? warm('server', options.dataDir) : runServer(options.dataDir),
    );
};
