import { inOnePiece } from '../../foundation/one-piece.ts';
import type { PodLike, PodSecurityCheck, Violation } from './check.ts';
import { allowPrivilegeEscalation } from './checks/allow-privilege-escalation.ts';
import { appArmorProfile } from './checks/app-armor-profile.ts';
import { capabilitiesBaseline } from './checks/capabilities-baseline.ts';
import { capabilitiesRestricted } from './checks/capabilities-restricted.ts';
import { hostNamespaces } from './checks/host-namespaces.ts';
import { hostPathVolumes } from './checks/host-path-volumes.ts';
import { hostPorts } from './checks/host-ports.ts';
import { hostProbes } from './checks/host-probes.ts';
import { privileged } from './checks/privileged.ts';
import { procMount, procMountRestricted } from './checks/proc-mount.ts';
import { restrictedVolumes } from './checks/restricted-volumes.ts';
import { runAsNonRoot } from './checks/run-as-non-root.ts';
import { runAsUser } from './checks/run-as-user.ts';
import { seLinuxOptions } from './checks/se-linux-options.ts';
import { seccompBaseline } from './checks/seccomp-baseline.ts';
import { seccompRestricted } from './checks/seccomp-restricted.ts';
import { sysctls } from './checks/sysctls.ts';
import { windowsHostProcess } from './checks/windows-host-process.ts';

export type { PodLike, PodSecurityCheck, Violation } from './check.ts';

export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';
/** A minor version of Kubernetes 1, or the newest rules. */
type PodSecurityVersion = number | 'latest';
export type PodSecurityPolicy = { level: PodSecurityLevel; version: PodSecurityVersion };

/** Every check, in the order in which Kubernetes names what it refuses: each level by the letters of the ids. */
export const podSecurityChecks: PodSecurityCheck[] = [
  ...[appArmorProfile, capabilitiesBaseline, hostNamespaces, hostPathVolumes, hostPorts, hostProbes, privileged],
  ...[procMount, seLinuxOptions, seccompBaseline, sysctls, windowsHostProcess],
  ...[allowPrivilegeEscalation, capabilitiesRestricted, procMountRestricted, restrictedVolumes, runAsNonRoot],
  ...[runAsUser, seccompRestricted],
];

const newestMinor = 36;

/**
 * Everything in a pod that the standard refuses (https://kubernetes.io/docs/concepts/security/pod-security-standards/),
 * as of a version of Kubernetes. `latest` is this cluster's own version.
 */
export function evaluatePod(pod: PodLike, policy: PodSecurityPolicy): (Violation & { check: string })[] {
  if (policy.level === 'privileged') return [];
  const violations: (Violation & { check: string })[] = [];
  for (const { id, rule } of rulesOf(policy.level, minorOf(policy))) {
    const violation = rule.evaluate(pod);
    if (violation !== undefined) violations.push({ check: id, ...violation });
  }
  return violations;
}

/** The checks under `was` that are absent or laxer under `will`: pods that they refuse may be let in. */
export function laxerChecks(was: PodSecurityPolicy, will: PodSecurityPolicy): string[] {
  if (was.level === 'privileged') return [];
  const then = will.level === 'privileged' ? [] : rulesOf(will.level, minorOf(will));
  const stricter = new Set(then.map(({ check }) => check.replaces));
  return rulesOf(was.level, minorOf(was))
    .filter(({ id, rule, check }) => {
      if (stricter.has(id) || then.some((other) => other.rule.evaluate === rule.evaluate)) return false;
      const next = then.find((other) => other.id === id)?.rule;
      if (next === undefined || next.since > rule.since) return true;
      return check.versions.some(({ since, tightens }) => tightens && since > next.since && since <= rule.since);
    })
    .map(({ id }) => id);
}

const minorOf = ({ version }: PodSecurityPolicy): number => (version === 'latest' ? newestMinor : version);

type ActiveRule = { id: string; check: PodSecurityCheck; rule: PodSecurityCheck['versions'][number] };
/** Chosen once for a level and a version: every pod is held to the same ones. */
const chosen = new Map<string, ActiveRule[]>();

function rulesOf(level: PodSecurityLevel, minor: number): ActiveRule[] {
  const key = `${level} ${minor}`;
  let rules = chosen.get(key);
  if (rules === undefined) {
    const active = podSecurityChecks
      .filter((check) => level === 'restricted' || check.level === 'baseline')
      .flatMap((check) => {
        const rule = check.versions.findLast(({ since }) => since <= minor);
        return rule === undefined ? [] : [{ check, rule }];
      });
    const replaced = new Set(active.map(({ check }) => check.replaces));
    rules = active
      .filter(({ check }) => !replaced.has(check.id))
      .map(({ check, rule }) => ({ id: check.id, check, rule }));
    chosen.set(key, rules);
  }
  return rules;
}

/** `privileged`, `baseline` or `restricted`; undefined for anything else. */
export const readLevel = (text: string): PodSecurityLevel | undefined =>
  text === 'privileged' || text === 'baseline' || text === 'restricted' ? text : undefined;

/** `latest` or `v1.29`; undefined for anything else. */
export function readVersion(text: string): PodSecurityVersion | undefined {
  if (text === 'latest') return 'latest';
  const minor = /^v1\.(0|[1-9]\d{0,2})$/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

export const describePolicy = ({ level, version }: PodSecurityPolicy): string =>
  inOnePiece(`${level}:${version === 'latest' ? version : `v1.${version}`}`);

/** `reason (detail), reason (detail)`, as Kubernetes words a refusal. */
export const describeViolations = (violations: Violation[]): string =>
  violations.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
