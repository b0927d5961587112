import { setTimeout } from 'node:timers/promises';
import type { AddCommand } from '../command.ts';
import { formatOption, withKubeconfig } from '../source-options.ts';

/** Nodes tell what they dropped within ten seconds. */
const followMs = 2000;

type Options = {
  follow?: boolean;
  namespace?: string;
  format: 'table' | 'json';
  kubeconfig?: string;
  context?: string;
};

/** What was dropped between pods, and why. */
export const drops: AddCommand = (program) => {
  withKubeconfig(program.command('drops'))
    .description(
      'connections that were dropped: by which policy or mode, which rule came nearest, what would allow them',
    )
    .option('-f, --follow', 'go on with those to come, until interrupted')
    .option('-n, --namespace <name>', 'only those from or to pods of this namespace')
    .addOption(formatOption())
    .addHelpText('after', '\nWith --format json each is a line of JSON.')
    .action(async ({ follow = false, format, ...options }: Options) => {
      const { followDrops, renderDrop } = await import('../../defence/defence.ts');
      const next = () => setTimeout(followMs, true);
      await followDrops({ ...options, now: Date.now, ...(follow ? { next } : {}) }, (flow) =>
        process.stdout.write(format === 'json' ? `${JSON.stringify(flow)}\n` : renderDrop(flow)),
      );
    });
};
