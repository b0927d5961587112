import { InvalidArgumentError } from 'commander';
import type { AddCommand } from '../command.ts';
import { formatOption, openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & { limit: number; write?: string; format: 'table' | 'json' };

const limitMax = 50;

/** The few changes that remove the most risk, each with its preview. */
export const plan: AddCommand = (program) => {
  withSource(program.command('plan'))
    .description('the few changes that remove the most risk, against what each would break, with the preview of each')
    .option('--limit <number>', `at most so many changes (up to ${limitMax})`, readLimit, 10)
    .option('--write <folder>', 'write each change as a file for rempart preview -f')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 the plan, and what was not assessed for it; 1 wrong use.')
    .action(async (path: string | undefined, options: Options) => {
      const { asJson, makePlan, renderPlan, writePlan } = await import('../../defence/defence.ts');
      const nowMs = Date.now();
      const source = await openSource(path, options, nowMs);
      try {
        const made = makePlan(source.snapshot, source.observations, { limit: options.limit, nowMs });
        const told = options.write ? writePlan(made, options.write) : made;
        process.stdout.write(options.format === 'json' ? asJson(told, source) : renderPlan(told));
      } finally {
        source.close();
      }
    });
};

function readLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw new InvalidArgumentError(`It is a number from 1 to ${limitMax}.`);
  return limit;
}
