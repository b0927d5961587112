import { up as bringUp, protectionIds } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, collect, withCluster } from '../command.ts';
import { createProgress } from '../progress.ts';

type Options = ClusterOptions & {
  listen?: string[];
  allowFrom?: string[];
  port?: number;
  podCidr?: string;
  serviceCidr?: string;
  relax?: string[];
};

/** Starts the cluster of a data directory, or brings back what of it does not run. */
export const up: AddCommand = (program) => {
  withCluster(program.command('up'))
    .description('start a cluster on this machine, closed by default; returns when its node is ready')
    .option('--listen <address>', 'also listen on this address (needs --allow-from)', collect)
    .option('--allow-from <cidr>', 'client addresses that may connect', collect)
    .option('--port <number>', 'port of the API (default: 6443)', Number)
    .option('--pod-cidr <cidr>', 'addresses of pods (default: 10.244.0.0/16)')
    .option('--service-cidr <cidr>', 'addresses of services (default: 10.96.0.0/16)')
    .option('--relax <protection[=mode]>', `relax one of: ${protectionIds.join(', ')}`, collect)
    .action(async (options: Options) => {
      const progress = createProgress();
      const { kubeconfig, context } = await bringUp(choicesOf(options), progress);
      progress.done();
      const flag = `KUBECONFIG=${kubeconfig}`;
      process.stdout.write(
        `The cluster runs. Its kubeconfig is ${kubeconfig} (context ${context}).\n` +
          `  export ${flag}\n  kubectl get nodes\n  rempart status      what is protected, and how to relax it\n`,
      );
    });
};

/** Options in the words of the cluster's configuration. */
export const choicesOf = ({ dataDir, kubeconfig, listen, allowFrom, port, podCidr, serviceCidr, relax }: Options) => ({
  dataDirectory: dataDir,
  kubeconfig,
  listen,
  allowFrom,
  apiPort: port,
  podCIDR: podCidr,
  serviceCIDR: serviceCidr,
  relax,
});
