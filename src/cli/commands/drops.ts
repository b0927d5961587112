import { setTimeout } from 'node:timers/promises';
import type { AddCommand } from '../command.ts';

/** Nodes tell what they dropped within ten seconds. */
const followMs = 2000;

type Options = { follow?: boolean; namespace?: string; kubeconfig?: string; context?: string };

/** What was dropped between pods, and why. */
export const drops: AddCommand = (program) => {
  program
    .command('drops')
    .description(
      'connections that were dropped: by which policy or mode, which rule came nearest, what would allow them',
    )
    .option('-f, --follow', 'go on with those to come, until interrupted')
    .option('-n, --namespace <name>', 'only those from or to pods of this namespace')
    .option('--kubeconfig <file>', 'the cluster to ask (default: $KUBECONFIG or ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig (default: the current one)')
    .action(async ({ follow = false, ...options }: Options) => {
      const { followDrops, renderDrop } = await import('../../defence/defence.ts');
      const next = () => setTimeout(followMs, true);
      await followDrops({ ...options, now: Date.now, ...(follow ? { next } : {}) }, (flow) =>
        process.stdout.write(renderDrop(flow)),
      );
    });
};
