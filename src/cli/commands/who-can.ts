import type { AddCommand } from '../command.ts';
import { formatOption, openSource, type SourceChoices, withSource } from '../source-options.ts';

type Options = SourceChoices & { namespace?: string; indirect?: boolean; format: 'table' | 'json' };

/** Everybody who may do something, by which binding and role, and what runs as them. */
export const whoCan: AddCommand = (program) => {
  const command = program
    .command('who-can')
    .description('who may do something: every user, group and service account, by which binding, role and rule')
    .argument('<verb>', 'get, list, create, impersonate, …')
    .argument('<resource>', 'secrets, pods/exec, deployments.apps, or a path such as /metrics')
    .argument('[name]', 'the name of one object');
  withSource(command)
    .option('-n, --namespace <name>', 'in this namespace (default: anywhere)')
    .option('--indirect', 'also who gets there by bind, escalate, impersonate, tokens, or pods of their own')
    .addOption(formatOption())
    .addHelpText(
      'after',
      '\nA path needs a slash, as in manifests/, or it is taken for a name. Exit codes: 0 the list, and what ' +
        'of it was not assessed; 1 wrong use.',
    )
    .action(
      async (
        verb: string,
        resource: string,
        third: string | undefined,
        fourth: string | undefined,
        options: Options,
      ) => {
        const { asJson, readRightQuery, renderWhoCan, whoCan } = await import('../../defence/defence.ts');
        const { name, path } = nameAndPath(third, fourth);
        const query = readRightQuery(verb, resource, { name, namespace: options.namespace });
        const source = await openSource(path, options, Date.now());
        try {
          const report = whoCan(source.snapshot, query, options);
          process.stdout.write(options.format === 'json' ? asJson(report, source) : renderWhoCan(report));
        } finally {
          source.close();
        }
      },
    );
};

/** No name of an object has a slash: `who-can get secrets manifests/` asks about all secrets of a folder. */
function nameAndPath(third: string | undefined, fourth: string | undefined) {
  const isPath = fourth === undefined && third !== undefined && (third.includes('/') || third === '-' || third === '.');
  return isPath ? { name: undefined, path: third } : { name: third, path: fourth };
}
