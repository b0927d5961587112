import { engine } from '../../../api/admission-policy/engine.ts';
import type { Preview } from '../../../api/admission-policy/preview.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../api/schema/types.d.ts';
import type { Manifest } from '../../contract.ts';
import { kindNameOf, refKey, refOf, refText } from '../../object-ref.ts';
import { changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { workloadKinds } from '../../workload.ts';
import type { Impact } from '../impact.ts';
import { admittedPod } from '../made-pod.ts';
import { mutationsIn } from '../mutations.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';
import { livingIn, paramsIn, type Written, writtenBefore, writtenIn } from '../written.ts';
import { policyChanges, unreadIn } from './admission-policies.ts';

const { policyKind, bindingKind, previewer, changedPolicies } = policyChanges('ValidatingAdmissionPolicy');

/** Users' admission policies: everything that lives as if it were written again, every pod that will be made. */
export const validatingAdmissionPolicy: Previewer = previewer(judgePolicies);

function judgePolicies(scope: Scope): Judged {
  const { before, after, changes } = scope;
  const names = changedPolicies(changes, before);
  const changed = new Set(changes.map((change) => refKey(changedRef(change))));
  const everything = names.size > 0;
  const all = writtenIn(after, before, changed);
  const written = everything ? [...all, ...livingIn(after, changed)] : all.filter(({ isChanged }) => isChanged);
  const policies = after.of(policyKind).filter(({ metadata }) => names.has(metadata.name));
  const inForce = after.of(policyKind).filter(({ metadata }) => !names.has(metadata.name));
  const impacts = [
    ...[...names].flatMap((name) => compare(name, scope, written)),
    ...inForce.flatMap((policy) =>
      refusalsOf(
        policy,
        after,
        written.filter(({ isChanged }) => isChanged),
      ),
    ),
  ];
  const unread = unreadIn(before, ['Secret', policyKind, bindingKind]);
  return {
    impacts,
    judged: { object: written.length },
    notAssessed: [
      ...unread,
      ...(policies.some(mentionsSecrets)
        ? ['Secrets: their content is never read, so no policy is held against it']
        : []),
      ...policies.flatMap(alsoDecides),
    ],
  };
}

type ResourceRule = { operations?: string[]; resources?: string[] };
const resourceRulesOf = (policy: Manifest): ResourceRule[] => policy['spec']?.matchConstraints?.resourceRules ?? [];

const mentionsSecrets = (policy: Manifest) =>
  resourceRulesOf(policy).some(({ resources }) => resources?.some((name) => ['secrets', '*', '*/*'].includes(name)));

/** What is written again is judged; a policy may stop deployments, scaling and nodes by what is not. */
function alsoDecides(policy: Manifest): string[] {
  const rules = resourceRulesOf(policy);
  const operations = ['DELETE', 'CONNECT'].filter((operation) =>
    rules.some((rule) => rule.operations?.some((name) => name === operation || name === '*')),
  );
  const subresources = rules.flatMap(({ resources = [] }) => resources.filter((name) => name.includes('/')));
  const what = [...operations, ...new Set(subresources)];
  return what.length === 0
    ? []
    : [
        `${refText(refOf(policy))}: what it says to ${what.join(', ')}: objects are held against it as they are written`,
      ];
}

function verdictsOf(policy: Manifest | undefined, snapshot: Snapshot, written: Written[]): Preview[] | undefined {
  if (policy === undefined) return undefined;
  const bindings = snapshot.of(bindingKind) as unknown as ValidatingAdmissionPolicyBinding[];
  const preview = engine.preview.previewPolicy(
    policy as unknown as ValidatingAdmissionPolicy,
    bindings,
    paramsIn(snapshot),
  );
  const mutate = mutationsIn(snapshot);
  return written.map((written): Preview => {
    const { candidate, operation } = written;
    const isMade = candidate !== undefined && operation === 'CREATE';
    const each = isMade ? { ...written, object: admittedPod(candidate, snapshot) } : written;
    // Mutating policies come first; what they refuse comes no further, whatever this one would say.
    const made = mutate(each);
    const plain = preview(each);
    if (made.verdict === 'denied' || (made.verdict === 'known' && made.patch.length === 0)) return plain;
    const verdict = preview({ ...each, object: made.object });
    if (made.verdict === 'known' || verdict.verdict === plain.verdict) return verdict;
    return { verdict: 'unknown', why: `depends on what mutating policies make of it, which ${made.why}`, warnings: [] };
  });
}

/** One policy before and after. Of what is not a pod or a workload only what changes is told. */
function compare(name: string, { before, after, changes }: Scope, written: Written[]): Impact[] {
  const ref = { kind: policyKind, namespace: '', name };
  const was = verdictsOf(before.get(ref), before, writtenBefore(written, before, changes));
  const will = verdictsOf(after.get(ref), after, written);
  return written.flatMap(({ subject, kind, isChanged }, index): Impact[] => {
    const [old, now] = [was?.[index], will?.[index]];
    const by = [refText(ref)];
    if (now?.verdict === 'denied')
      return old?.verdict === 'denied' && !isChanged
        ? []
        : [{ outcome: 'breaks', subject, why: `refused when it is next written: ${now.message}`, by }];
    if (old?.verdict === 'denied')
      return [{ outcome: 'opens', subject, why: `let in from then on; refused now: ${old.message}`, by }];
    if (now?.verdict === 'unknown')
      return [{ outcome: 'unknown', subject, why: `whether it is refused when it is next written ${now.why}`, by }];
    const isPod = workloadKinds.includes(kindNameOf(kind));
    return isPod ? [{ outcome: 'safe', subject, why: `${refText(ref)} lets it in`, by: [] }] : [];
  });
}

/** A policy that stays as it is, held against objects of the change. */
function refusalsOf(policy: Manifest, after: Snapshot, written: Written[]): Impact[] {
  const by = [refText(refOf(policy))];
  return (verdictsOf(policy, after, written) ?? []).flatMap((verdict, index): Impact[] => {
    const { subject } = written[index]!;
    if (verdict.verdict === 'denied') return [{ outcome: 'breaks', subject, why: `refused: ${verdict.message}`, by }];
    return verdict.verdict === 'unknown'
      ? [{ outcome: 'unknown', subject, why: `whether it is refused ${verdict.why}`, by }]
      : [];
  });
}
