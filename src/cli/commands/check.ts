import { InvalidArgumentError, Option } from 'commander';
import type { Level, ReportFormat, Severity } from '../../defence/defence.ts';
import { type AddCommand, CommandFailed } from '../command.ts';

type Options = {
  level?: Level[];
  format: ReportFormat;
  failOn: Severity;
  kubernetes?: number;
  exceptions?: string;
  fix?: boolean;
};

/** Judges manifests. The defence room is loaded only when it is asked: no other command needs it. */
export const check: AddCommand = (program) => {
  program
    .command('check')
    .description('judge a folder of manifests, a file, or standard input (-)')
    .argument('[path]', 'folder, file or -', '.')
    .addOption(
      new Option('--level <level...>', 'only these levels').choices(['perimeter', 'image', 'cluster', 'patch']),
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
    .option('--kubernetes <version>', 'the version that the manifests are for (default: 1.36)', readMinor)
    .option('--exceptions <file>', 'waivers, each with reason, owner and expiry')
    .option('--fix', 'write what can be mended into the files')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing at or above --fail-on; 1 wrong use; 2 findings, or an exception has expired; ' +
        '3 something could not be read, or there was nothing to judge.',
    )
    .action(async (path: string, options: Options) => {
      const { checkManifests, exitCodeOf, render } = await import('../../defence/defence.ts');
      const report = checkManifests(path, {
        ...(options.level ? { levels: options.level } : {}),
        ...(options.kubernetes === undefined ? {} : { minor: options.kubernetes }),
        ...(options.exceptions ? { exceptionsFile: options.exceptions } : {}),
        fix: options.fix === true,
        nowMs: Date.now(),
      });
      process.stdout.write(render(report, options.format, process.stdout.isTTY === true));
      const code = exitCodeOf(report, options.failOn);
      if (code !== 0) throw new CommandFailed(code);
    });
};

function readMinor(text: string): number {
  const minor = /^v?1\.(\d{1,3})$/.exec(text)?.[1];
  if (minor === undefined) throw new InvalidArgumentError('It is a version such as 1.36.');
  return Number(minor);
}
