import { engine } from '../../api/admission-policy/engine.ts';
import type { MutationPreview } from '../../api/admission-policy/preview-mutation.ts';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../../api/schema/types.d.ts';
import type { Manifest } from '../contract.ts';
import { oncePerSnapshot } from '../snapshot/once.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Refusal } from './admission.ts';
import { type Candidate, namespaceNamed, namespaceOf } from './candidates.ts';
import { kindNamed } from './merge.ts';
import { paramsIn, type Written } from './written.ts';

const group = 'admissionregistration.k8s.io';

type Mutate = (each: Omit<Written, 'subject' | 'isChanged'>) => MutationPreview;

/** What the mutating policies of a snapshot make of an object that is written. */
export const mutationsIn = oncePerSnapshot((snapshot): Mutate => {
  const policies = snapshot.of(`MutatingAdmissionPolicy.${group}`);
  const bindings = snapshot.of(`MutatingAdmissionPolicyBinding.${group}`);
  // What compiles and evaluates them is loaded when there are some.
  if (policies.length === 0 || bindings.length === 0) return ({ object }) => ({ verdict: 'known', object, patch: [] });
  return engine.previewMutation.previewMutations(
    policies as unknown as MutatingAdmissionPolicy[],
    bindings as unknown as MutatingAdmissionPolicyBinding[],
    paramsIn(snapshot),
  );
});

/** What is said of a pod that is made. `doubt`: why it may be another pod by then. */
export type Made = { refusal?: Refusal | undefined; doubt?: string };

/**
 * Refusals of pods as mutating policies leave them, since these come first. Where it is not known what they leave, a pod is
 * refused, or let in, only if it is so with them and without.
 */
export function refusesMade(
  snapshot: Snapshot,
  refuses: (candidate: Candidate) => Refusal | undefined,
): (candidate: Candidate) => Made {
  const mutate = mutationsIn(snapshot);
  return (candidate) => {
    const made = mutate({ ...asWritten(candidate, snapshot), candidate });
    if (made.verdict === 'denied') return { refusal: { why: made.message, by: [] } };
    if (made.patch.length === 0 && made.verdict === 'known') return { refusal: refuses(candidate) };
    const refusal = refuses({ ...candidate, pod: made.object as Manifest, isMutated: true });
    if (made.verdict === 'known') return { refusal };
    const plain = refuses(candidate);
    const depends = `which ${made.why}`;
    if (plain !== undefined && refusal !== undefined) return { refusal: plain };
    if (plain !== undefined)
      return { refusal: unknown(plain, `${plain.why}; unless mutating policies mend it, ${depends}`) };
    if (refusal === undefined) return { doubt: `mutating policies may change it, ${depends}` };
    return { refusal: unknown(refusal, `${refusal.why}; if mutating policies change it, ${depends}`) };
  };
}

const unknown = ({ by }: Refusal, why: string): Refusal => ({ outcome: 'unknown', why, by });

const asWritten = ({ pod, object }: Candidate, snapshot: Snapshot) => ({
  kind: kindNamed('Pod')!,
  object: pod,
  operation: 'CREATE' as const,
  namespaceObject: namespaceNamed(snapshot, namespaceOf(object)),
});
