import { type PodSecurityLevel, type PodSecurityPolicy, readLevel, readVersion } from './pod-security.ts';

export type PodSecurityModes = Record<'enforce' | 'warn' | 'audit', PodSecurityPolicy>;
/** What counts in namespaces without a label; `observe` refuses nothing and warns of what is not restricted. */
export type PodSecurityDefault = PodSecurityLevel | 'observe';

/** The label of a namespace for `enforce`, `warn`, `audit`, or one of them with `-version`. */
export const podSecurityLabel = (mode: string): string => `pod-security.kubernetes.io/${mode}`;

/** Labels that nobody can read count as restricted: a typing error must not open a namespace. */
export function podSecurityModes(
  labels: Record<string, string> | undefined,
  defaultLevel: PodSecurityDefault,
): PodSecurityModes {
  const policyOf = (mode: string, absent: PodSecurityLevel): PodSecurityPolicy => {
    const level = labels?.[podSecurityLabel(mode)];
    const version = labels?.[podSecurityLabel(`${mode}-version`)];
    return {
      level: level === undefined ? absent : (readLevel(level) ?? 'restricted'),
      version: version === undefined ? 'latest' : (readVersion(version) ?? 'latest'),
    };
  };
  const enforce = policyOf('enforce', defaultLevel === 'observe' ? 'privileged' : defaultLevel);
  const unsaid = labels?.[podSecurityLabel('enforce')] === undefined;
  const told = defaultLevel === 'observe' && unsaid ? 'restricted' : 'privileged';
  return { enforce, warn: policyOf('warn', told), audit: policyOf('audit', told) };
}
