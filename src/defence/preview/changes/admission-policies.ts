import type { ObjectRef } from '../../object-ref.ts';
import { protectionKind } from '../../protection-mode.ts';
import { type Change, changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import type { Previewer } from '../scope.ts';
import { paramKindName } from '../written.ts';

const group = 'admissionregistration.k8s.io';

/** What validating and mutating policies have in common when they, their bindings or what they are asked about changes. */
export function policyChanges(name: 'ValidatingAdmissionPolicy' | 'MutatingAdmissionPolicy') {
  const policyKind = `${name}.${group}`;
  const bindingKind = `${name}Binding.${group}`;
  const isOfPolicies = (change: Change) => [policyKind, bindingKind].includes(changedRef(change).kind);
  /** Whose verdicts may change with it: their own, their bindings', a parameter's or a namespace's change. */
  const policiesOf = (change: Change, before: Snapshot): string[] => {
    const ref = changedRef(change);
    if (ref.kind === policyKind) return [ref.name];
    if (ref.kind !== bindingKind)
      return before
        .of(policyKind)
        .filter(({ spec }) => asksOtherwise(ref, before) || paramKindName(spec?.paramKind) === ref.kind)
        .map(({ metadata }) => metadata.name);
    const bindings = [before.get(ref), 'put' in change ? change.put : undefined];
    return bindings.flatMap((binding) => binding?.['spec']?.policyName ?? []);
  };
  /** Of where policies are asked and, before those that validate, of what is filled into pods. */
  const asksOtherwise = (ref: ObjectRef, before: Snapshot): boolean =>
    (ref.kind === 'Namespace' && before.get(ref) !== undefined) ||
    (name === 'ValidatingAdmissionPolicy' &&
      (ref.kind === 'LimitRange' || (ref.kind === protectionKind && ref.name === 'seccomp')));
  return {
    ...{ policyKind, bindingKind },
    previewer: (impacts: Previewer['impacts']): Previewer => ({
      name,
      concerns: (change, before) =>
        isOfPolicies(change) ||
        (before.of(policyKind).length > 0 && ('put' in change || policiesOf(change, before).length > 0)),
      partial: (change) => !isOfPolicies(change),
      impacts,
    }),
    /** The policies that are changed, bound otherwise, or asked with another parameter or namespace. */
    changedPolicies: (changes: readonly Change[], before: Snapshot): Set<string> =>
      new Set(changes.flatMap((change) => policiesOf(change, before))),
  };
}

/** Why what is of these kinds could not be judged. */
export const unreadIn = (snapshot: Snapshot, kinds: string[]): string[] =>
  kinds.flatMap((kind) => (snapshot.whyUnread(kind) ? [`${kind}: ${snapshot.whyUnread(kind)}`] : []));
