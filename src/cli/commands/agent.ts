import { runAgent, warm } from '../../cluster/cluster.ts';
import type { AddCommand } from '../command.ts';

/** The node agent with its network and DNS, in the foreground. `rempart up` starts it. */
export const agent: AddCommand = (program) => {
  program
    .command('agent', { hidden: true })
    .requiredOption('--data-dir <directory>', 'the cluster')
    .option('--warm', 'only compile the program')
    .action((options: { dataDir: string; warm?: boolean }) =>
      options.warm ? warm('agent', options.dataDir) : runAgent(options.dataDir),
    );
};
