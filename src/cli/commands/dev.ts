import { runDevelopment } from '../../cluster/cluster.ts';
import { type AddCommand, numberUpTo, portMax } from '../command.ts';

/** What the scheduler is measured with. */
const nodesMax = 5000;

/** A control plane with simulated nodes, in memory, in the foreground, without root. */
export const dev: AddCommand = (program) => {
  program
    .command('dev')
    .description('run a control plane with simulated nodes in memory; needs no root, ends with Ctrl-C')
    .option('--nodes <number>', 'simulated nodes', numberUpTo(nodesMax), 3)
    .option('--port <number>', 'port of the API (0: any)', numberUpTo(portMax), 6443)
    .option('--kubeconfig <file>', 'where the kubeconfig goes', 'dev.kubeconfig')
    .action(async (options: { nodes: number; port: number; kubeconfig: string }) => {
      const { url } = await runDevelopment(options);
      process.stdout.write(
        `API at ${url}, ${options.nodes} simulated nodes. Ctrl-C ends it and forgets everything.\n` +
          `  export KUBECONFIG=${options.kubeconfig}\n  kubectl get nodes\n`,
      );
    });
};
