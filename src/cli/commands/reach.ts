import { type AddCommand, CommandFailed } from '../command.ts';
import { formatOption, openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & { format: 'table' | 'json' };

/** May one end reach another, and which policies decide? */
export const reach: AddCommand = (program) => {
  const command = program
    .command('reach')
    .description('may A reach B on this port, and which policies decide')
    .argument('<from>', 'NAMESPACE/POD, NAMESPACE/deployment/NAME, an address, "internet", or "everyone"')
    .argument('[to]', 'the same, or NAMESPACE/service/NAME, with :PORT[/PROTOCOL]; or "everywhere"', 'everywhere');
  withSource(command)
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 yes; 1 wrong use; 2 no, or not from or to all of it; 3 it is not known.')
    .action(async (from: string, to: string, path: string | undefined, { format, ...choices }: Options) => {
      const { asJson, reachReport } = await import('../../defence/defence.ts');
      const source = await openSource(path, choices, Date.now());
      try {
        const { text, json, exitCode } = reachReport(source, from, to);
        process.stdout.write(format === 'json' ? asJson(json, source) : text);
        if (exitCode !== 0) throw new CommandFailed(exitCode);
      } finally {
        source.close();
      }
    });
};
