import { Option } from 'commander';
import { type AddCommand, CommandFailed, collect } from '../command.ts';
import { openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & { namespace?: string[]; format: 'yaml' | 'json' };

/** NetworkPolicies that allow what was seen, and nothing else. */
export const policies: AddCommand = (program) => {
  withSource(
    program
      .command('policies')
      .description('NetworkPolicies that allow the flows that were seen and DNS, each rule with why it is there'),
  )
    .option(
      '-n, --namespace <name>',
      'only of this namespace (may be given again; default: all but kube-system)',
      collect,
    )
    .addOption(new Option('--format <format>', 'how to tell it').choices(['yaml', 'json']).default('yaml'))
    .addHelpText(
      'after',
      '\nExit codes: 0 all that was seen is covered; 1 wrong use; 2 something is not; 3 nothing was seen to begin with.',
    )
    .action(async (path: string | undefined, { namespace, format, ...choices }: Options) => {
      const { asJson, generatedYaml, generatePolicies } = await import('../../defence/defence.ts');
      const source = await openSource(path, choices, Date.now());
      try {
        const generated = generatePolicies(source.snapshot, source.observations, namespace);
        process.stdout.write(format === 'yaml' ? generatedYaml(generated, source.about) : asJson(generated, source));
        if (generated.policies.length === 0) throw new CommandFailed(3);
        if (generated.notCovered.length > 0) throw new CommandFailed(2);
      } finally {
        source.close();
      }
    });
};
