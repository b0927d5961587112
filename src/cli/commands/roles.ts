import { Option } from 'commander';
import { type AddCommand, CommandFailed, collect } from '../command.ts';
import { openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & {
  user?: string[];
  serviceAccount?: string[];
  format: 'table' | 'json' | 'yaml';
  write?: string;
};

/** The least roles for users and service accounts, from the calls that were seen. */
export const roles: AddCommand = (program) => {
  withSource(program.command('roles'))
    .description(
      'the least roles for users and service accounts, from their calls that were seen, tried before they are shown',
    )
    .option('--user <name>', 'only this user (may be given again)', collect)
    .option('--service-account <namespace/name>', 'only this service account (may be given again)', collect)
    .addOption(new Option('--format <format>', 'how to tell it').choices(['table', 'json', 'yaml']).default('table'))
    .option('--write <folder>', 'write the roles and bindings, one file for each user')
    .addHelpText(
      'after',
      '\nExit codes: 0 all that was seen is covered; 1 wrong use; 3 nobody watched: nothing could be derived.',
    )
    .action(async (path: string | undefined, options: Options) => {
      const { asJson, deriveRoles, renderRoles, rolesYaml, writeRoles } = await import('../../defence/defence.ts');
      const source = await openSource(path, options, Date.now());
      try {
        const accounts = (options.serviceAccount ?? []).map(
          (name) => `system:serviceaccount:${name.replace('/', ':')}`,
        );
        const report = deriveRoles(source.snapshot, source.observations, [...(options.user ?? []), ...accounts]);
        const texts = {
          table: () => renderRoles(report),
          json: () => asJson(report, source),
          yaml: () => rolesYaml(report),
        };
        process.stdout.write(texts[options.format]());
        if (options.write)
          for (const file of writeRoles(report, options.write)) process.stderr.write(`written: ${file}\n`);
        if (report.windows.length === 0) throw new CommandFailed(3);
      } finally {
        source.close();
      }
    });
};
