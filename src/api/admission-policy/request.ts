import type { AdmissionAttributes } from '../admission-attributes.ts';
import type { KubernetesObject } from '../object.ts';

/** What a policy is asked about; an object that is undefined is null in expressions. */
export type PolicyRequest = AdmissionAttributes & {
  /** The Namespace the object is in. */
  namespaceObject: KubernetesObject | undefined;
};

/** What a preview cannot know. */
export type Unknown = 'oldObject' | 'namespaceObject' | 'request.userInfo' | 'authorizer' | 'params';

type GroupVersionKind = { group: string; version: string; kind: string };

/** The kind of what is sent to a subresource: a Scale, a PodExecOptions; the kind itself for `status`. */
function kindOf({ kind, subresource }: PolicyRequest): GroupVersionKind {
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  if (subresource === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' };
  const other = kind.subresources.others.find(({ name }) => name === subresource);
  if (other === undefined) return own;
  return { group: other.group ?? own.group, version: other.version ?? own.version, kind: other.kind };
}

/** `request`, as admission/v1 AdmissionRequest without `uid`, `object` and `oldObject`; what is empty is left out. */
export function requestFieldsOf(request: PolicyRequest): Record<string, unknown> {
  const { kind, subresource, name, namespace, operation, user, dryRun } = request;
  const asked = kindOf(request);
  const resource = { group: kind.group, version: kind.version, resource: kind.resource };
  const { username, uid = '', groups, extra = {} } = user;
  const texts = { subResource: subresource, requestSubResource: subresource, name, namespace };
  return {
    ...{ kind: asked, requestKind: asked, resource, requestResource: resource, operation, dryRun },
    ...filled(texts),
    ...(operation === 'CONNECT' ? {} : { options: optionsOf(operation, dryRun) }),
    userInfo: filled({ username, uid, groups, extra }),
  };
}

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
