import { rotateKeys as rotate } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, withCluster } from '../command.ts';
import { withProgress } from '../progress.ts';

/** New keys for secrets on disk and for ServiceAccount tokens, while the cluster runs. */
export const rotateKeys: AddCommand = (program) => {
  withCluster(program.command('rotate-keys'))
    .description('new keys for secrets on disk and for ServiceAccount tokens; the old ones are forgotten')
    .action(async ({ dataDir }: ClusterOptions) => {
      const { forgotten, tokens } = await withProgress((progress) => rotate(dataDir, progress));
      process.stdout.write(
        forgotten
          ? 'Every secret on disk is sealed with the new key; the old ones are forgotten.\n'
          : 'There is a new key. Secrets are sealed with it, and the old keys forgotten, by the next: rempart up\n',
      );
      process.stdout.write(
        tokens
          ? 'New ServiceAccount tokens are signed with a new key; those of before stay good until they end.\n'
          : 'ServiceAccount tokens keep their key: it changed twice within a day, and tokens of before are still good.\n',
      );
    });
};
