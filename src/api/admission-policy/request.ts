import type { AdmissionAttributes } from '../admission-attributes.ts';
import type { Kind } from '../kind.ts';
import type { KubernetesObject } from '../object.ts';

/** What a policy is asked about; an object that is undefined is null in expressions. */
export type PolicyRequest = AdmissionAttributes & {
  /** The kind that was asked for, where `kind` is another version of it. */
  requestKind?: Kind;
  /** The Namespace the object is in. */
  namespaceObject: KubernetesObject | undefined;
};

/** What a preview cannot know. */
export type Unknown = 'oldObject' | 'namespaceObject' | 'request.userInfo' | 'authorizer' | 'params';

type GroupVersionKind = { group: string; version: string; kind: string };

/** The kind of what is sent to a subresource: a Scale, a PodExecOptions; the kind itself for `status`. */
function kindOf(kind: Kind, subresource: string): GroupVersionKind {
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  if (subresource === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const other = kind.subresources.others.find(({ name }) => name === subresource);
  if (other === undefined) return own;
  return { group: other.group ?? own.group, version: other.version ?? own.version, kind: other.kind };
}

/** `request`, as admission/v1 AdmissionRequest without `uid`, `object` and `oldObject`; what is empty is left out. */
export function requestFieldsOf(request: PolicyRequest): Record<string, unknown> {
  const { kind, requestKind = kind, subresource, name, operation, user, dryRun } = request;
  // a Namespace is in itself, to upstream
  const namespace = kind.group === '' && kind.resource === 'namespaces' ? name : request.namespace;
  const { username, uid = '', groups, extra = {} } = user;
  const texts = { subResource: subresource, requestSubResource: subresource, name, namespace };
  return {
    ...{ kind: kindOf(kind, subresource), requestKind: kindOf(requestKind, subresource) },
    ...{ resource: resourceIn(kind), requestResource: resourceIn(requestKind), operation, dryRun },
    ...filled(texts),
    ...(operation === 'CONNECT' ? {} : { options: optionsOf(operation, dryRun) }),
    userInfo: filled({ username, uid, groups, extra }),
  };
}

const resourceIn = ({ group, version, resource }: Kind) => ({ group, version, resource });

const filled = (fields: Record<string, string | string[] | object>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => Object.keys(value).length > 0));

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' };

/** What was asked for besides, as far as it is known here. */
const optionsOf = (operation: keyof typeof optionKinds, dryRun: boolean) => ({
  ...{ apiVersion: 'meta.k8s.io/v1', kind: optionKinds[operation] },
  ...(dryRun ? { dryRun: ['All'] } : {}),
});

/** What the request asks for, as a question about rights without a verb. */
export const resourceOf = ({ kind, subresource, namespace, name }: PolicyRequest) => ({
  ...{ group: kind.group, resource: kind.resource, subresource, namespace, name },
});
