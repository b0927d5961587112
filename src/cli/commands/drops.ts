import { setTimeout } from 'node:timers/promises';
import { type AddCommand, CommandFailed } from '../command.ts';
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
    .addHelpText(
      'after',
      '\nWith --format json each is a line of JSON. Exit codes: 0; 1 wrong use; 3 connections are not watched there.',
    )
    .action(async ({ follow = false, format, ...options }: Options) => {
      let told = 0;
      const { followDrops, renderDrop, renderWatched } = await import('../../defence/defence.ts');
      const next = () => setTimeout(followMs, true);
      const windows = await followDrops({ ...options, now: Date.now, ...(follow ? { next } : {}) }, (flow) => {
        told++;
        process.stdout.write(format === 'json' ? `${JSON.stringify(flow)}\n` : renderDrop(flow));
      });
      if (told === 0) process.stderr.write(renderWatched(windows));
      if (windows.length === 0) throw new CommandFailed(3);
    });
};
