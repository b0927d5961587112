import { up as bringUp } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, dataDirOption, withAddresses } from '../command.ts';
import { withProgress } from '../progress.ts';

/** Starts the cluster of a data directory, or brings back what of it does not run. */
export const up: AddCommand = (program) => {
  withAddresses(program.command('up'))
    .description('start a cluster on this machine, closed by default; returns when its node is ready')
    .option('--restart', 'start the API server and the node agent again; containers go on')
    .action(async (options: ClusterOptions & { restart?: boolean }) => {
      const { kubeconfig, context } = await withProgress((progress) =>
        bringUp(choicesOf(options), progress, { restart: options.restart === true }),
      );
      process.stdout.write(
        `The cluster runs. Its kubeconfig is ${kubeconfig} (context ${context}).\n` +
          `  export KUBECONFIG=${kubeconfig}\n  kubectl get nodes\n` +
          `  rempart status${dataDirOption(options.dataDir)}      what is protected, and how to relax it\n`,
      );
    });
};

/** Options in the words of the cluster's configuration. */
export const choicesOf = (options: ClusterOptions) => ({
  dataDirectory: options.dataDir,
  kubeconfig: options.kubeconfig,
  listen: options.listen,
  allowFrom: options.allowFrom,
  apiPort: options.port,
  podCIDR: options.podCidr,
  serviceCIDR: options.serviceCidr,
  relax: options.relax,
});
