import type { AddCommand } from '../command.ts';
import { formatOption, type SourceChoices, sourceOptions, withSource } from '../source-options.ts';

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
    .action(
      async (first: string | undefined, second: string | undefined, third: string | undefined, options: Options) => {
        const { findPaths, isEnd, readSoundSource, renderPaths, renderWorst, worstPaths } = await import(
          '../../defence/defence.ts'
        );
        // One word that is no place is where the manifests are.
        const alone = second === undefined && first !== undefined && !isEnd(first);
        const source = await readSoundSource(sourceOptions(alone ? first : third, options, Date.now()));
        try {
          const { snapshot, observations } = source;
          const text =
            alone || first === undefined || second === undefined
              ? renderWorst(worstPaths(snapshot), options.format)
              : renderPaths(findPaths(snapshot, first, second, observations), options.format);
          process.stdout.write(text);
        } finally {
          source.close();
        }
      },
    );
};
