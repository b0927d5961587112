import { mendingPatch } from '../../../api/pod-security/mend.ts';
import { type PodSecurityDefault, podSecurityLabel, podSecurityModes } from '../../../api/pod-security/modes.ts';
import {
  describePolicy,
  describeViolations,
  evaluatePod,
  laxerChecks,
  type PodLike,
  type PodSecurityPolicy,
} from '../../../api/pod-security/pod-security.ts';
import type { Manifest } from '../../contract.ts';
import { refOf } from '../../object-ref.ts';
import { applyPatch } from '../../patch.ts';
import { protectionKind } from '../../protection-mode.ts';
import { type Change, changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { type AdmissionRule, admission, type Refusal } from '../admission.ts';
import { type Candidate, namespaceOf } from '../candidates.ts';
import type { Allowance, Impact } from '../impact.ts';
import { withSeccomp } from '../made-pod.ts';
import { modeIn } from '../modes.ts';
import type { Scope } from '../scope.ts';

/** The namespace that is exempt on our clusters: its pods are the cluster's own. */
const exempt = 'kube-system';
const levels = ['privileged', 'baseline', 'restricted'] as const;

export const podSecurityRule: AdmissionRule = {
  name: 'Pod Security',
  touches(change, before) {
    const { kind, name } = changedRef(change);
    if (kind === protectionKind) return name === 'pod-security' || name === 'seccomp' ? 'everywhere' : [];
    if (kind !== 'Namespace' || !('put' in change)) return [];
    const enforced = (object: Manifest | undefined) => describePolicy(policyOf(before, object));
    const stays = enforced(before.get(changedRef(change))) === enforced(change.put);
    return stays && !levelIsUnsaid(change.put, before) ? [] : [name];
  },
  refuses(snapshot, before) {
    return (candidate) => {
      const namespace = namespaceOf(candidate.object);
      if (snapshot.closedByDefault && namespace === exempt) return undefined;
      const object = snapshot.get({ kind: 'Namespace', namespace: '', name: namespace });
      const policy = policyOf(snapshot, object);
      const pod = withSeccomp(candidate.pod, candidate, snapshot) as unknown as PodLike;
      const violations = evaluatePod(pod, policy);
      if (violations.length === 0) return levelIsUnsaid(object, before) ? unsaidLevel(namespace) : undefined;
      return {
        why: `violates PodSecurity "${describePolicy(policy)}": ${describeViolations(violations)}`,
        by: [object === undefined || !said(object) ? 'Protection pod-security' : `Namespace ${namespace}`],
        allowance: () => mend(candidate, pod, policy) ?? relax(object, pod, policy),
      };
    };
  },
  ofRules: looserNamespaces,
};

/** Pod Security Standards by the labels of a namespace, or by the default level of the cluster. */
export const podSecurity = admission(podSecurityRule);

const said = ({ metadata }: Manifest) => metadata.labels?.[podSecurityLabel('enforce')] !== undefined;

/** Elsewhere than on our clusters no object says what is enforced where no label does: it is a file of the API server. */
const levelIsUnsaid = (namespace: Manifest | undefined, before: Snapshot): boolean => {
  const old = namespace && before.get(refOf(namespace));
  return !before.closedByDefault && old !== undefined && said(old) && !said(namespace!);
};

const unsaidLevel = (namespace: string): Refusal => ({
  outcome: 'unknown',
  why: `the level that the API server enforces where no label says one (AdmissionConfiguration) may refuse it`,
  by: [`Namespace ${namespace}`],
});

/** What is enforced, `latest` being the version of the cluster. */
function policyOf(snapshot: Snapshot, namespace: Manifest | undefined): PodSecurityPolicy {
  const byDefault = modeIn(snapshot, 'pod-security') as PodSecurityDefault;
  const { level, version } = podSecurityModes(namespace?.metadata.labels, byDefault).enforce;
  return { level, version: version === 'latest' ? snapshot.minor : version };
}

/** The template with every field put right, when one patch does; a live pod cannot be patched. */
function mend(
  { object, pointer, isMutated }: Candidate,
  pod: PodLike,
  policy: PodSecurityPolicy,
): Allowance | undefined {
  const patch = pointer === '' || isMutated ? undefined : mendingPatch(pod, evaluatePod(pod, policy), policy, pointer);
  if (patch === undefined) return undefined;
  const mended = structuredClone(object);
  if (!applyPatch(mended, patch)) return undefined;
  return { text: `patch ${object.kind} ${object.metadata.name}: ${JSON.stringify(patch)}`, changes: [{ put: mended }] };
}

/** The strictest level for the namespace that lets the pod in. */
function relax(namespace: Manifest | undefined, pod: PodLike, policy: PodSecurityPolicy): Allowance | undefined {
  const level = levels.findLast((candidate) => evaluatePod(pod, { ...policy, level: candidate }).length === 0);
  if (namespace === undefined || level === undefined) return undefined;
  return {
    text: `enforce "${level}" in namespace ${namespace.metadata.name}`,
    changes: [enforceChange(namespace, level)],
  };
}

/** The namespace with this level enforced. */
export function enforceChange(namespace: Manifest, level: string, version?: string): Change {
  const labels = {
    ...namespace.metadata.labels,
    [podSecurityLabel('enforce')]: level,
    ...(version === undefined ? {} : { [podSecurityLabel('enforce-version')]: version }),
  };
  return { put: { ...namespace, metadata: { ...namespace.metadata, labels } } };
}

/** A lower level, or a version whose rules are laxer, lets in more than what lives now. */
function looserNamespaces({ before, after }: Scope): Impact[] {
  return after.of('Namespace').flatMap((namespace): Impact[] => {
    const ref = { kind: 'Namespace', namespace: '', name: namespace.metadata.name };
    const old = before.get(ref);
    if (old === undefined || (after.closedByDefault && ref.name === exempt)) return [];
    const [was, will] = [policyOf(before, old), policyOf(after, namespace)];
    const laxer = laxerChecks(was, will);
    if (laxer.length === 0) return [];
    const which =
      levels.indexOf(will.level) < levels.indexOf(was.level) ? '' : `; laxer, or no more: ${laxer.join(', ')}`;
    const why = `pods of level "${describePolicy(will)}" are let in from then on, where "${describePolicy(was)}" is enforced now${which}`;
    return [
      {
        outcome: 'opens',
        subject: { type: 'object', ref },
        why,
        by: [said(namespace) ? `Namespace ${ref.name}` : 'Protection pod-security'],
      },
    ];
  });
}
