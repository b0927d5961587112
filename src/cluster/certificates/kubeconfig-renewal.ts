import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Configuration } from '../configuration.ts';
import type { CertificateAuthority } from './authority.ts';
import { identities } from './identities.ts';
import { readKubeconfigCredential, renewKubeconfig } from './kubeconfig.ts';
import { keepRenewed } from './renewal.ts';

/**
 * Renews the administrator's credential while the cluster runs, so that nobody has to run `up` for it every week. What
 * the owner took out of the file, or the file itself, is not made again.
 */
export async function keepKubeconfigFresh(
  { kubeconfig, name }: Pick<Configuration, 'kubeconfig' | 'name'>,
  authority: CertificateAuthority,
  { clock, log }: { clock: Clock; log: Log },
): Promise<{ /** Resolves when nothing is being written any more. */ stop(): Promise<void> }> {
  const failed = (error: unknown) => log.error('the administrator’s kubeconfig could not be renewed', { error });
  const kept = await readKubeconfigCredential(kubeconfig, name).catch(() => undefined);
  let writing: Promise<unknown> = Promise.resolve();
  const { stop } = keepRenewed({
    ...{ clock, failed },
    load: () => kept,
    issue: () => authority.issue(identities.admin()),
    use(credential) {
      if (credential !== kept) writing = renewKubeconfig(kubeconfig, name, credential).catch(failed);
    },
  });
  return {
    async stop() {
      stop();
      await writing;
    },
  };
}
