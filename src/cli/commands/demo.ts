import { demo as runDemo } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, withAddresses } from '../command.ts';
import { createProgress } from '../progress.ts';
import { choicesOf } from './up.ts';

/** `up`, and the example application on it, with images built on this machine. */
export const demo: AddCommand = (program) => {
  withAddresses(program.command('demo'))
    .description('start a cluster and deploy the example shop on it')
    .action(async (options: ClusterOptions) => {
      const progress = createProgress();
      const { kubeconfig, url } = await runDemo(choicesOf(options), progress);
      progress.done();
      process.stdout.write(
        `The shop is open: ${url}\n  export KUBECONFIG=${kubeconfig}\n` +
          '  kubectl --namespace shop get pods\n  rempart status\n  rempart down --purge      ends and forgets everything\n',
      );
    });
};
