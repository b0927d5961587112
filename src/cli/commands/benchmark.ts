import { Option } from 'commander';
import type { BenchmarkName } from '../../defence/defence.ts';
import { type AddCommand, CommandFailed } from '../command.ts';
import { formatOption, openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & {
  benchmark: BenchmarkName;
  level: '1' | '2';
  format: 'table' | 'json';
  exceptions?: string;
};

/** Every item of a benchmark with its verdict, on a live cluster or on manifests. */
export const benchmark: AddCommand = (program) => {
  withSource(program.command('benchmark'))
    .description('every item of the CIS benchmark or the NSA/CISA guidance, on a live cluster (read only) or manifests')
    .addOption(new Option('--benchmark <name>', 'which document').choices(['cis', 'nsa']).default('cis'))
    .addOption(new Option('--level <number>', 'only items up to this level').choices(['1', '2']).default('2'))
    .addOption(formatOption())
    .option('--exceptions <file>', 'waivers, each with reason, owner and expiry')
    .addHelpText(
      'after',
      '\nExit codes: 0 no item fails; 1 wrong use; 2 an item fails, or an exception has expired; 3 nothing passed, or something could not be read.',
    )
    .action(async (path: string | undefined, { benchmark, level, format, exceptions, ...where }: Options) => {
      const { asJson, judgeBenchmark, renderBenchmark } = await import('../../defence/defence.ts');
      const source = await openSource(path, where, Date.now());
      source.close();
      const report = judgeBenchmark(source.snapshot, {
        ...{ benchmark, levelMax: level === '1' ? 1 : 2 },
        ...(exceptions === undefined ? {} : { exceptionsFile: exceptions }),
      });
      process.stdout.write(
        format === 'json'
          ? asJson(report, source)
          : renderBenchmark(report, source.about, process.stdout.isTTY === true),
      );
      if (report.counts.fail > 0 || report.exceptions.some(({ expired }) => expired)) throw new CommandFailed(2);
      if (report.counts.pass === 0) throw new CommandFailed(3);
    });
};
