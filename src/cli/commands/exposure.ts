import { type AddCommand, CommandFailed, collect } from '../command.ts';
import { formatOption, openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & { allowFrom?: string[]; format: 'table' | 'json' };

/** Who reaches what from outside: workloads after NetworkPolicy, and the cluster's administration. */
export const exposure: AddCommand = (program) => {
  withSource(program.command('exposure'))
    .description(
      'what is reached from outside: workloads, after network policies, and the administration of the cluster',
    )
    .option(
      '--allow-from <cidr>',
      'preview an allow-list for the API against the client addresses that were seen (all ranges, one by one)',
      collect,
    )
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 no verdict about the administration is fail (what is open of workloads is listed); 1 wrong use; ' +
        '2 one is.',
    )
    .action(async (path: string | undefined, options: Options) => {
      const { asJson, endpointOf, renderExposure, reportExposure } = await import('../../defence/defence.ts');
      const nowMs = Date.now();
      const source = await openSource(path, options, nowMs);
      try {
        const { connection, observations, snapshot } = source;
        const endpoint = connection && endpointOf(connection);
        const report = reportExposure(snapshot, { endpoint, allowFrom: options.allowFrom, observations, nowMs });
        process.stdout.write(options.format === 'json' ? asJson(report, source) : renderExposure(report));
        if (report.administration.some(({ verdict }) => verdict === 'fail')) throw new CommandFailed(2);
      } finally {
        source.close();
      }
    });
};
