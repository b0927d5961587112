import { readFileSync } from 'node:fs';
import { systemClock } from '../foundation/clock.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { openAuthority } from './certificates/authority.ts';
import { identities } from './certificates/identities.ts';
import { writeKubeconfig } from './certificates/kubeconfig.ts';
import { type Configuration, layout, readConfiguration } from './configuration.ts';
import { apiUrl } from './up.ts';

/**
 * Writes a kubeconfig (0600) that is past every role and good for an hour, for a cluster whose roles are broken. Only
 * who may read the authority's key can; each of its requests is marked in the audit log.
 */
export async function breakGlass(dataDirectory: string): Promise<{ kubeconfig: string; until: Date }> {
  const configuration = readConfiguration(dataDirectory);
  if (configuration === undefined)
    throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  const { pki, breakGlass: kubeconfig } = layout(configuration);
  const authority = openReadable(configuration, pki);
  const credential = authority.issue(identities.breakGlass());
  const entry = { name: 'break-glass', server: apiUrl(configuration), authority: authority.certificate, credential };
  await writeKubeconfig(kubeconfig, entry);
  return { kubeconfig, until: new Date(credential.notAfterMs) };
}

/** Never makes an authority: a mistyped directory must not get one. */
function openReadable({ dataDirectory }: Configuration, pki: string) {
  try {
    readFileSync(`${pki}/ca.key`);
  } catch (cause) {
    throw new UsageError(`The keys of the cluster in ${dataDirectory} cannot be read. Run this as root.`, { cause });
  }
  return openAuthority(pki, systemClock);
}
