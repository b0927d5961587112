import { breakGlass as issue } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, withCluster } from '../command.ts';

/** A way in when roles are broken: an hour, marked in the audit log. */
export const breakGlass: AddCommand = (program) => {
  withCluster(program.command('break-glass'))
    .description('a kubeconfig past every role, for an hour; the audit log marks its use')
    .action(async ({ dataDir }: ClusterOptions) => {
      const { kubeconfig, until } = await issue(dataDir);
      process.stdout.write(`export KUBECONFIG=${kubeconfig}\n`);
      process.stderr.write(`Good until ${until.toISOString()}. Every request with it is marked in the audit log.\n`);
    });
};
