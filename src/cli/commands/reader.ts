import { InvalidArgumentError } from 'commander';
import type { AddCommand } from '../command.ts';

type Options = { serviceAccount?: { namespace: string; name: string }; withSecretNames?: boolean };

const secretsNote = `# With list of secrets: RBAC has no right to names alone. rempart asks for metadata only, but whoever holds this
# account can read every secret of the cluster. Without it, checks about secrets are not assessed.
`;

/** The least rights with which `rempart check` and the other judging commands read a cluster, to be applied by its administrator. */
export const reader: AddCommand = (program) => {
  program
    .command('reader')
    .description('print the read-only role that judging a cluster needs, as YAML for kubectl apply -f -')
    .option('--service-account <namespace/name>', 'also an account that is bound to it', readAccount)
    .option('--with-secret-names', 'also list of secrets, which lets its holder read them')
    .action(async ({ serviceAccount, withSecretNames }: Options) => {
      const { asYaml, readerObjects } = await import('../../defence/defence.ts');
      const objects = readerObjects({ account: serviceAccount, secretNames: withSecretNames });
      process.stdout.write(`${withSecretNames ? secretsNote : ''}${asYaml(objects)}`);
    });
};

function readAccount(text: string): { namespace: string; name: string } {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined) throw new InvalidArgumentError('It is NAMESPACE/NAME.');
  return { namespace, name };
}
