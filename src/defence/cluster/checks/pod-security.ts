import { jsonDifference } from '../../../api/merge/json-difference.ts';
import {
  evaluatePod,
  type PodLike,
  type PodSecurityCheck,
  podSecurityChecks,
  type Violation,
} from '../../../api/pod-security/pod-security.ts';
import {
  type Check,
  type Finding,
  failOn,
  type JudgeContext,
  type Manifest,
  notApplicable,
  type PatchOperation,
  pass,
} from '../../contract.ts';
import { type FieldPath, parseField, pointer } from '../../field.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';
import { podSecurityWords } from '../pod-security-words.ts';

/** One check per rule of the Pod Security Standards, by the evaluator that also admits pods. */
export const podSecurity: Check[] = podSecurityChecks.map((rule) => {
  const { title, cis, offend } = podSecurityWords[rule.id]!;
  const offending = examplePod(({ spec }) => offend(spec, spec.containers[0]));
  return {
    id: `pod-security/${rule.id}`,
    level: 'cluster',
    severity: rule.level === 'baseline' ? 'high' : 'medium',
    title,
    kinds: workloadKinds,
    why: rule.why,
    mend: `remove what the ${rule.level} standard refuses, as the patch does`,
    benchmark: [...(cis ? `CIS ${cis}`.split(', ') : []), 'NSA pod security'],
    examples: { pass: [[examplePod()]], fail: [[offending]] },
    judge: (object, context) => judgeRule(rule, object, context),
  };
});

/** At level restricted, a stricter check speaks for some of the baseline, as of the version that brought it. */
function hasStricter({ id }: PodSecurityCheck, minor: number): boolean {
  return podSecurityChecks.some(({ replaces, versions }) => replaces === id && versions[0]!.since <= minor);
}

/** Every check asks about the same pod one after the other. */
const evaluated = new WeakMap<object, { policy: unknown; violations: ReturnType<typeof evaluatePod> }>();

function violationsOf(pod: PodLike, policy: JudgeContext['podSecurity']) {
  let known = evaluated.get(pod);
  if (known?.policy !== policy) {
    known = { policy, violations: evaluatePod(pod, policy) };
    evaluated.set(pod, known);
  }
  return known.violations;
}

const minorOf = (version: number | 'latest') => (version === 'latest' ? Number.POSITIVE_INFINITY : version);

function judgeRule(rule: PodSecurityCheck, object: Manifest, context: JudgeContext) {
  const { level, version } = context.podSecurity;
  const found = podOf(object);
  if (found === undefined || level === 'privileged') return notApplicable;
  if (level === 'baseline' && rule.level === 'restricted') return notApplicable;
  const minor = minorOf(version);
  if (rule.versions[0]!.since > minor) return notApplicable;
  if (level === 'restricted' && hasStricter(rule, minor)) return notApplicable;
  const violation = violationsOf(found.pod, context.podSecurity).find(({ check }) => check === rule.id);
  if (violation === undefined) return pass;
  const loose = rule.replaces !== undefined && alsoOffendsBaseline(rule.replaces, found.pod, context);
  return failOn(findingsOf(violation, found.pod, found.prefix, loose));
}

function alsoOffendsBaseline(id: string, pod: PodLike, { podSecurity: { version } }: JudgeContext): boolean {
  const minor = minorOf(version);
  const baseline = podSecurityChecks.find((check) => check.id === id)!;
  return baseline.versions.findLast(({ since }) => since <= minor)?.evaluate(pod) !== undefined;
}

function findingsOf(
  { reason, detail, offences }: Violation,
  pod: PodLike,
  prefix: FieldPath,
  loose: boolean,
): Finding[] {
  return offences.map(({ field, mend }) => {
    const found: Finding = { field: [...prefix, ...parseField(field)], reason, detail };
    if (loose) found.severity = 'high';
    if (mend === undefined) return found;
    // Made only when somebody asks: most readers look at the first line.
    let patch: PatchOperation[] | undefined;
    Object.defineProperty(found, 'patch', {
      enumerable: true,
      get: () => {
        patch ??= patchOf(pod, mend, prefix);
        return patch;
      },
    });
    return found;
  });
}

function patchOf(pod: PodLike, mend: (pod: PodLike) => void, prefix: FieldPath): PatchOperation[] {
  const mended = structuredClone(pod);
  mend(mended);
  const operations = jsonDifference(pod, mended);
  return operations.map((operation) => ({ ...operation, path: `${pointer(prefix)}${operation.path}` }));
}
