import { InvalidArgumentError, Option } from 'commander';
import type { BenchmarkName } from '../../defence/defence.ts';
import { type AddCommand, CommandFailed } from '../command.ts';

type Options = {
  benchmark: BenchmarkName;
  level: '1' | '2';
  format: 'table' | 'json';
  kubeconfig?: string;
  context?: string;
  kubernetes?: number;
};

/** Every item of a benchmark with its verdict, on a cluster or on manifests. */
export const benchmark: AddCommand = (program) => {
  program
    .command('benchmark')
    .description('every item of the CIS benchmark or the NSA/CISA guidance, on a cluster or on manifests')
    .argument('[path]', 'folder, file or - of manifests; without it the cluster of the kubeconfig')
    .addOption(new Option('--benchmark <name>', 'which document').choices(['cis', 'nsa']).default('cis'))
    .addOption(new Option('--level <number>', 'only items up to this level').choices(['1', '2']).default('2'))
    .addOption(new Option('--format <format>', 'how to tell it').choices(['table', 'json']).default('table'))
    .option('--kubeconfig <file>', 'instead of $KUBECONFIG or ~/.kube/config')
    .option('--context <name>', 'instead of the current context')
    .option('--kubernetes <version>', 'the version to judge for (default: the cluster’s own, or 1.36)', readMinor)
    .addHelpText('after', '\nExit codes: 0 no item fails; 1 wrong use; 2 an item fails; 3 nothing could be assessed.')
    .action(async (path: string | undefined, { kubeconfig, context, kubernetes, ...options }: Options) => {
      const { benchmarkJson, judgeBenchmark, readSource, renderBenchmark } = await import('../../defence/defence.ts');
      const source = await readSource({
        ...(path === undefined ? {} : { path }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        ...(kubernetes === undefined ? {} : { kubernetes }),
        nowMs: Date.now(),
      });
      try {
        const { benchmark, level, format } = options;
        const levelMax = level === '1' ? 1 : 2;
        const report = judgeBenchmark(source.snapshot, { benchmark, levelMax, about: source.about });
        process.stdout.write(
          format === 'json' ? benchmarkJson(report) : renderBenchmark(report, process.stdout.isTTY === true),
        );
        if (report.counts.fail > 0) throw new CommandFailed(2);
        if (report.counts.pass === 0) throw new CommandFailed(3);
      } finally {
        source.close();
      }
    });
};

function readMinor(text: string): number {
  const minor = /^v?1\.(\d{1,3})$/.exec(text)?.[1];
  if (minor === undefined) throw new InvalidArgumentError('It is a version such as 1.36.');
  return Number(minor);
}
