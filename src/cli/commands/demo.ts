import { demo as runDemo } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, dataDirOption, withAddresses } from '../command.ts';
import { withProgress } from '../progress.ts';
import { choicesOf } from './up.ts';

/** `up`, and the example application on it, with images built on this machine. */
export const demo: AddCommand = (program) => {
  withAddresses(program.command('demo'))
    .description('start a cluster and deploy the example shop on it')
    .action(async (options: ClusterOptions) => {
      const { kubeconfig, url } = await withProgress((progress) => runDemo(choicesOf(options), progress));
      const about = dataDirOption(options.dataDir);
      process.stdout.write(
        `The shop is open: ${url}\n  export KUBECONFIG=${kubeconfig}\n` +
          '  kubectl --namespace shop get pods\n' +
          `  rempart status${about}\n  rempart down --purge${about}      ends and forgets everything\n`,
      );
    });
};
