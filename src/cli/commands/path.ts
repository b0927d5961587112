import { UsageError } from '../../foundation/usage-error.ts';
import { type AddCommand, CommandFailed } from '../command.ts';
import { formatOption, openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & { format: 'table' | 'json' };

/** How an intruder gets from one place to another, hop by hop, and what parts them for the least. */
export const path: AddCommand = (program) => {
  const command = program
    .command('path')
    .description(
      'how an intruder gets from one place to another, hop by hop, and the cheapest cut; alone: the worst paths',
    )
    .argument('[from]', 'internet, pod:NAMESPACE/NAME, workload:…, sa:NAMESPACE/NAME, user:NAME, group:NAME')
    .argument('[to]', 'secrets, secret:NAMESPACE/NAME, nodes, node:NAME, cluster-admin, or a place as in from');
  withSource(command)
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nAlone, or with a path alone, the worst paths. Exit codes: 0 there is no path; 1 wrong use; 2 there is one; ' +
        '3 none in what was assessed, and not all was.',
    )
    .action(
      async (first: string | undefined, second: string | undefined, third: string | undefined, options: Options) => {
        const defence = await import('../../defence/defence.ts');
        const { asJson, findPaths, isEnd, renderPaths, renderWorst, worstPaths } = defence;
        // One word that is no place is where the manifests are.
        const alone = second === undefined && first !== undefined && !isEnd(first);
        if (!alone && first !== undefined && second === undefined)
          throw new UsageError(`from ${first} to where? To secrets, nodes, cluster-admin or another place`);
        const source = await openSource(alone ? first : third, options, Date.now());
        try {
          const { snapshot, observations } = source;
          const isOne = !alone && first !== undefined && second !== undefined;
          const report = isOne ? findPaths(snapshot, first, second, observations) : worstPaths(snapshot);
          const text = () => ('reached' in report ? renderWorst(report) : renderPaths(report));
          process.stdout.write(options.format === 'json' ? asJson(report, source) : text());
          if (report.paths.length > 0) throw new CommandFailed(2);
          if (report.notAssessed.length > 0) throw new CommandFailed(3);
        } finally {
          source.close();
        }
      },
    );
};
