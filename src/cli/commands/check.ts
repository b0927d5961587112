import { once } from 'node:events';
import { Option } from 'commander';
import type { Level, ReportFormat, Severity } from '../../defence/defence.ts';
import { type AddCommand, CommandFailed, collect } from '../command.ts';
import { type SourceChoices, sourceOptions, withSource } from '../source-options.ts';

type Options = SourceChoices & {
  level?: Level[];
  format: ReportFormat;
  failOn: Severity;
  exceptions?: string;
  fix?: boolean;
  helm?: boolean;
};

/** Judges manifests or a live cluster. The defence room is loaded only when it is asked: no other command needs it. */
export const check: AddCommand = (program) => {
  withSource(program.command('check'))
    .description('judge a live cluster (read only), a folder of manifests, a file, or standard input (-)')
    .addOption(
      repeatable(
        new Option('--level <level>', 'only this level (may be given again)').choices([
          ...['perimeter', 'image', 'cluster', 'patch'],
        ]),
      ),
    )
    .addOption(
      new Option('--format <format>', 'how to tell it')
        .choices(['table', 'json', 'sarif', 'junit', 'html'])
        .default('table'),
    )
    .addOption(
      new Option('--fail-on <severity>', 'least severity that makes the exit code 2')
        .choices(['low', 'medium', 'high', 'critical'])
        .default('medium'),
    )
    .option('--exceptions <file>', 'waivers, each with reason, owner and expiry')
    .option('--fix', 'write what can be mended into the files (manifests only)')
    .option('--helm', 'also what Helm keeps of its releases, for old API versions (reads the Secrets that hold it)')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing at or above --fail-on; 1 wrong use; 2 findings, or an exception has expired; ' +
        '3 something could not be read, or there was nothing to judge.',
    )
    .action(async (path: string | undefined, options: Options) => {
      const { check, exitCodeOf, render } = await import('../../defence/check.ts');
      const report = await check(sourceOptions(path, options, Date.now()), {
        levels: options.level,
        exceptionsFile: options.exceptions,
        fix: options.fix,
        helm: options.helm,
      });
      for (const piece of render(report, options.format, process.stdout.isTTY === true))
        if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
      const code = exitCodeOf(report, options.failOn);
      if (code !== 0) throw new CommandFailed(code);
    });
};

/** Each value is one of the choices, and is added to those before. */
function repeatable(option: Option): Option {
  const check = option.parseArg!;
  return option.argParser((value: string, previous: string[] | undefined) => {
    check.call(option, value, undefined);
    return collect(value, previous);
  });
}
