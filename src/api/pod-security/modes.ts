import { type PodSecurityLevel, type PodSecurityPolicy, readLevel, readVersion } from './pod-security.ts';

export type PodSecurityModes = Record<'enforce' | 'warn' | 'audit', PodSecurityPolicy>;
/** What may count in namespaces without a label; `observe` refuses nothing and warns of what is not restricted. */
export const podSecurityDefaults = ['restricted', 'baseline', 'privileged', 'observe'] as const;
export type PodSecurityDefault = (typeof podSecurityDefaults)[number];

/** The label of a namespace for `enforce`, `warn`, `audit`, or one of them with `-version`. */
export const podSecurityLabel = (mode: string): string => `pod-security.kubernetes.io/${mode}`;

const labelsOf = (mode: keyof PodSecurityModes) => ({
  level: podSecurityLabel(mode),
  version: podSecurityLabel(`${mode}-version`),
});
/** Every pod asks for them. */
const [enforceLabels, warnLabels, auditLabels] = [labelsOf('enforce'), labelsOf('warn'), labelsOf('audit')];

/** Labels that nobody can read count as restricted: a typing error must not open a namespace. */
export function podSecurityModes(
  labels: Record<string, string> | undefined,
  defaultLevel: PodSecurityDefault,
): PodSecurityModes {
  const policyOf = (said: ReturnType<typeof labelsOf>, absent: PodSecurityLevel): PodSecurityPolicy => {
    const level = labels?.[said.level];
    const version = labels?.[said.version];
    return {
      level: level === undefined ? absent : (readLevel(level) ?? 'restricted'),
      version: version === undefined ? 'latest' : (readVersion(version) ?? 'latest'),
    };
  };
  const enforce = policyOf(enforceLabels, defaultLevel === 'observe' ? 'privileged' : defaultLevel);
  const unsaid = labels?.[enforceLabels.level] === undefined;
  const told = defaultLevel === 'observe' && unsaid ? 'restricted' : 'privileged';
  return { enforce, warn: policyOf(warnLabels, told), audit: policyOf(auditLabels, told) };
}
