import type { AddCommand } from '../command.ts';
import { formatOption, withKubeconfig } from '../source-options.ts';

type Options = { kubeconfig?: string; context?: string; format: 'table' | 'json' };

/** What was seen: flows, API calls, client addresses, images. */
export const observations: AddCommand = (program) => {
  withKubeconfig(program.command('observations'))
    .description(
      'what was seen: flows, API calls, client addresses, images; in a cluster, or in files of other programs',
    )
    .argument(
      '[file...]',
      'Hubble or Calico flows, Kubernetes audit logs, or what --format json wrote; - for a pipe (default: asks the cluster)',
    )
    .addOption(formatOption())
    .addHelpText('after', '\nWhat --format json writes can be given to other commands with --observations FILE.')
    .action(async (files: string[], { kubeconfig, context, format }: Options) => {
      const { observe, renderImported, renderObservations } = await import('../../defence/defence.ts');
      const seen = await observe({ files, kubeconfig, context, nowMs: Date.now() });
      for (const imported of seen.imported) process.stderr.write(`${renderImported(imported)}\n`);
      process.stdout.write(renderObservations(seen.observations, format));
    });
};
