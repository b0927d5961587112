import { resourceName } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { mendingPatch } from '../../api/pod-security/mend.ts';
import {
  podSecurityLabel as label,
  type PodSecurityDefault,
  type PodSecurityModes,
  podSecurityModes,
} from '../../api/pod-security/modes.ts';
import {
  describePolicy,
  describeViolations,
  evaluatePod,
  type PodLike,
  type PodSecurityPolicy,
  readLevel,
  readVersion,
} from '../../api/pod-security/pod-security.ts';
import { isMirrorPod } from '../../api/pods/mirror-pod.ts';
import { podTemplateOf } from '../../api/pods/template.ts';
import { forbidden, invalid } from '../../api/status.ts';
import { nodeOf } from '../authorization/node.ts';
import type { AdmissionPlugin, AdmissionRequest, Lookup, ModeOf } from '../contracts.ts';
import { concerns } from './about.ts';

export type PodSecuritySettings = {
  modeOf: ModeOf;
  /** Namespaces where the standards do not count: the cluster's own. */
  exemptNamespaces: string[];
};

const violationsMax = 10;
/** Warnings travel in headers, which are bounded. */
const patchLengthMax = 3000;

/**
 * The Pod Security Standards by namespace labels, https://kubernetes.io/docs/concepts/security/pod-security-admission/,
 * with restricted where there is none. Pods are refused; of workloads that would make such pods their author is told at
 * once, with the fields, the patch that mends them and the command that relaxes the namespace.
 */
export const podSecurity = (settings: PodSecuritySettings): AdmissionPlugin => ({
  name: 'PodSecurity',
  validate(request) {
    const { kind, namespace, lookup, operation } = request;
    if (operation !== 'CREATE' && operation !== 'UPDATE') return;
    if (kind.group === '' && kind.resource === 'namespaces') return checkLabels(request, settings);
    if (!kind.namespaced || settings.exemptNamespaces.includes(namespace)) return;
    const pod = podToJudge(request);
    const workload = request.subresource === '' ? podTemplateOf(resourceName(kind), request.object!) : undefined;
    if (pod === undefined && workload === undefined) return;
    const { labels } = lookup.get('namespaces', '', namespace)?.metadata ?? {};
    const modes = podSecurityModes(labels, defaultLevel(settings, lookup));
    if (pod !== undefined) judgePod(request, pod, modes);
    else if (workload !== undefined && templateChanged(request, workload.template))
      judgeWorkload(request, asMade(settings, lookup, workload.template), workload.pointer, modes);
  },
});

/** A new pod, or one whose containers change; a node's mirror pod runs already, whatever is said about it. */
function podToJudge(request: AdmissionRequest): KubernetesObject | undefined {
  const { object, oldObject: old, user } = request;
  if (object === undefined) return undefined;
  if (concerns(request, 'CREATE', 'pods'))
    return isMirrorPod(object) && nodeOf(user) !== undefined ? undefined : object;
  const updates = ['pods', 'pods/ephemeralcontainers', 'pods/resize'].some((path) => concerns(request, 'UPDATE', path));
  const judged = ({ spec, metadata }: KubernetesObject) => JSON.stringify([spec, metadata.annotations ?? {}]);
  return updates && old !== undefined && judged(object) !== judged(old) ? object : undefined;
}

function templateChanged({ kind, oldObject: old }: AdmissionRequest, template: PodLike): boolean {
  const before = old === undefined ? undefined : podTemplateOf(resourceName(kind), old)?.template;
  return JSON.stringify(before) !== JSON.stringify(template);
}

/** A mode that nobody can read closes. */
function defaultLevel({ modeOf }: PodSecuritySettings, lookup: Lookup): PodSecurityDefault {
  const mode = modeOf('pod-security', lookup) ?? 'restricted';
  return mode === 'observe' ? mode : (readLevel(mode) ?? 'restricted');
}

function judgePod(request: AdmissionRequest, pod: KubernetesObject, { enforce, warn, audit }: PodSecurityModes): void {
  const { annotate, namespace, kind, name } = request;
  annotate('pod-security.kubernetes.io/enforce-policy', describePolicy(enforce));
  const violations = evaluatePod(pod as unknown as PodLike, enforce);
  if (violations.length > 0) {
    const why = `violates PodSecurity "${describePolicy(enforce)}": ${describeViolations(violations)}`;
    const causes = violations
      .flatMap(({ offences, reason }) =>
        offences.map(({ field }) => ({ reason: 'FieldValueForbidden', field, message: reason })),
      )
      .slice(0, violationsMax);
    const error = forbidden(
      { group: kind.group, resource: kind.resource, name },
      `${[why, ...advice(pod as any, enforce, namespace)].join('. ')}`,
    );
    if (error.details !== undefined) error.details.causes = causes;
    throw error;
  }
  const observed = evaluatePod(pod as unknown as PodLike, audit);
  if (observed.length > 0)
    annotate(
      'pod-security.kubernetes.io/audit-violations',
      `would violate PodSecurity "${describePolicy(audit)}": ${describeViolations(observed)}`,
    );
  const warned = evaluatePod(pod as unknown as PodLike, warn);
  if (warned.length > 0)
    request.warn(`would violate PodSecurity "${describePolicy(warn)}": ${describeViolations(warned)}`);
}

function judgeWorkload(
  request: AdmissionRequest,
  pod: PodLike,
  pointer: string,
  { enforce, warn }: PodSecurityModes,
): void {
  const { kind, name, namespace } = request;
  const violations = evaluatePod(pod, enforce);
  if (violations.length > 0) {
    const fields = violations.flatMap(({ offences }) => offences.map(({ field }) => field));
    const path = pointer.slice(1).replaceAll('/', '.');
    request.warn(
      `${kind.kind} "${name}" is accepted, but its pods will be refused: they violate PodSecurity ` +
        `"${describePolicy(enforce)}" of namespace "${namespace}": ${describeViolations(violations)}`,
    );
    request.warn(`fields: ${[...new Set(fields)].map((field) => `${path}.${field}`).join(', ')}`);
    const target = `${kind.resource}/${name} -n ${namespace}`;
    for (const line of advice(pod, enforce, namespace, { pointer, target })) request.warn(line);
    return;
  }
  const warned = evaluatePod(pod, warn);
  if (warned.length > 0)
    request.warn(`would violate PodSecurity "${describePolicy(warn)}": ${describeViolations(warned)}`);
}

/** As the pod will be when it is created: see secure-defaults.ts. */
function asMade({ modeOf }: PodSecuritySettings, lookup: Lookup, template: PodLike): PodLike {
  if (modeOf('seccomp', lookup) === 'off' || template.spec['os']?.name === 'windows') return template;
  const securityContext = { seccompProfile: { type: 'RuntimeDefault' }, ...template.spec['securityContext'] };
  return { ...template, spec: { ...template.spec, securityContext } };
}

/** How to go on: the command that relaxes this namespace only, and the patch, when one mends everything. */
function advice(
  pod: PodLike,
  policy: PodSecurityPolicy,
  namespace: string,
  { pointer, target }: { pointer: string; target?: string } = { pointer: '' },
): string[] {
  const patch = JSON.stringify(mendingPatch(pod, evaluatePod(pod, policy), policy, pointer));
  const baseline = evaluatePod(pod, { ...policy, level: 'baseline' }).length === 0;
  const level = policy.level === 'restricted' && baseline ? 'baseline' : 'privileged';
  const relax = `To relax the namespace: kubectl label namespace ${namespace} ${label('enforce')}=${level} --overwrite`;
  if (patch === undefined || patch.length > patchLengthMax) return [relax];
  const command = target === undefined ? `patch it with ${patch}` : `kubectl patch ${target} --type=json -p '${patch}'`;
  return [`To mend it: ${command}`, relax];
}

/** Labels must be readable; tightening tells which of the running pods would be refused. */
function checkLabels(request: AdmissionRequest, settings: PodSecuritySettings): void {
  const { object, oldObject: old, lookup, name } = request;
  if (object === undefined || request.subresource !== '') return;
  const labels = object.metadata.labels ?? {};
  const errors = ['enforce', 'audit', 'warn'].flatMap((mode) => {
    const level = labels[label(mode)];
    const version = labels[label(`${mode}-version`)];
    const wrong = (key: string, value: string, message: string) => ({
      ...{ reason: 'FieldValueInvalid' as const, field: `metadata.labels[${label(key)}]` },
      message: `Invalid value: "${value}": ${message}`,
    });
    return [
      ...(level !== undefined && readLevel(level) === undefined
        ? [wrong(mode, level, 'must be one of privileged, baseline, restricted')]
        : []),
      ...(version !== undefined && readVersion(version) === undefined
        ? [wrong(`${mode}-version`, version, 'must be "latest" or "v1.x"')]
        : []),
    ];
  });
  if (errors.length > 0) throw invalid('Namespace', '', name, errors);
  if (old === undefined || settings.exemptNamespaces.includes(name)) return;
  const byDefault = defaultLevel(settings, lookup);
  const enforced = ({ metadata }: KubernetesObject) => podSecurityModes(metadata.labels, byDefault).enforce;
  const after = enforced(object);
  if (describePolicy(after) !== describePolicy(enforced(old))) warnAboutPods(request, after, lookup);
}

function warnAboutPods({ name, warn }: AdmissionRequest, policy: PodSecurityPolicy, lookup: Lookup): void {
  const bad = lookup
    .list('pods', name)
    .map((pod) => ({ pod, violations: evaluatePod(pod as unknown as PodLike, policy) }))
    .filter(({ violations }) => violations.length > 0);
  if (bad.length === 0) return;
  warn(`existing pods in namespace "${name}" violate the new PodSecurity enforce level "${describePolicy(policy)}"`);
  for (const { pod, violations } of bad.slice(0, violationsMax))
    warn(`${pod.metadata.name}: ${violations.map(({ reason }) => reason).join(', ')}`);
  if (bad.length > violationsMax) warn(`and ${bad.length - violationsMax} more`);
}
