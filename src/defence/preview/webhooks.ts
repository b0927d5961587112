import type { LabelSelector } from '../../api/selectors.ts';
import { matchesSelector } from '../../api/selectors.ts';
import { concerns, webhookKinds, webhooksIn } from '../cluster/webhooks.ts';
import type { Manifest } from '../contract.ts';
import { refOf, refText } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type Candidate, namespaceNamed, namespaceOf } from './candidates.ts';

const [validating, mutating] = webhookKinds as [string, string];

/** What decides besides when a pod is made, and by rules that are not known here. */
export type AskedWebhooks = {
  /** What may refuse a new pod, or change it before it is judged. */
  aboutNew(candidate: Candidate): string | undefined;
  /** What may change a pod before it is judged; what it does to others of the template shows in those that live. */
  changing(candidate: Candidate): string | undefined;
};

/**
 * Webhooks of a snapshot, by the pods about which the API server asks them. Conditions in CEL are taken to hold. https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
export function askedWebhooks(snapshot: Snapshot): AskedWebhooks {
  const labelsOf = (namespace: string): Record<string, string> | undefined =>
    namespaceNamed(snapshot, namespace)?.metadata.labels ?? (snapshot.source === 'manifests' ? undefined : {});
  const isAsked = ({ namespaceSelector, objectSelector, ...rules }: Record<string, any>, { object, pod }: Candidate) =>
    concerns(rules, 'pods') &&
    creates(rules) &&
    selects(namespaceSelector, labelsOf(namespaceOf(object))) &&
    selects(objectSelector, pod.metadata?.labels ?? {});
  const asked = (kind: string) => {
    // Clusters of Rempart store webhooks and call none: what a pod meets there is known.
    if (snapshot.closedByDefault) return () => undefined;
    const unread = snapshot.whyUnread(kind);
    return (candidate: Candidate): string | undefined => {
      if (unread !== undefined) return `${kind} could not be read: ${unread}`;
      const found = snapshot
        .of(kind)
        .find((each) => webhooksIn(each).some(({ webhook }) => isAsked(webhook, candidate)));
      return found && `${refText(refOf(found))} is asked about it, and its rules are not known here`;
    };
  };
  const [refusing, changing] = [asked(validating), asked(mutating)];
  return { changing, aboutNew: (candidate) => refusing(candidate) ?? changing(candidate) };
}

const creates = ({ rules }: Record<string, any>): boolean =>
  ((rules ?? []) as Manifest[]).some(({ operations }) => operations?.includes('CREATE') || operations?.includes('*'));

/** Without a selector everything is meant, and what is not known may be. */
const selects = (selector: LabelSelector | null | undefined, labels: Record<string, string> | undefined): boolean =>
  selector === undefined || selector === null || labels === undefined || matchesSelector(selector, labels);
