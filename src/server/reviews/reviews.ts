import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { PolicyRule } from '../../api/rbac/rules.ts';
import { badRequest } from '../../api/status.ts';
import type { Attributes, UserInfo } from '../../api/user.ts';
import { type Context, objectReply, type Reply } from '../context.ts';
import { createBinding } from '../subresources/binding.ts';
import { decodeObject } from '../verbs/decode.ts';
import { admit } from '../verbs/prepare.ts';

type Answer = (object: KubernetesObject, context: Context) => object | Promise<object>;

/** Kinds that are asked by creating them: the answer is their status. */
const answers: Record<string, Answer> = {
  SubjectAccessReview: ({ spec }, context) => access(context, userOfSpec(spec), spec),
  LocalSubjectAccessReview: ({ spec }, context) => {
    const { namespace } = context.target;
    if (spec?.resourceAttributes?.namespace !== namespace)
      throw badRequest(`spec.resourceAttributes.namespace must be "${namespace}", as in the URL`);
    const answer = access(context, userOfSpec(spec), spec);
    // Why somebody was nearly allowed tells what he may in other namespaces.
    return answer.allowed ? answer : { allowed: false };
  },
  SelfSubjectAccessReview: ({ spec }, context) => access(context, context.user, spec),
  SelfSubjectRulesReview: ({ spec }, context) => rules(context, spec?.namespace ?? ''),
  SelfSubjectReview: (_, { user: { username, uid, groups, extra } }) => ({
    userInfo: { username, uid, groups, extra },
  }),
  TokenReview: ({ spec }, { defences }) => {
    if (typeof spec?.token !== 'string' || spec.token === '') throw badRequest('spec.token: Required value');
    return defences.reviewToken(spec.token, spec.audiences);
  },
};

/** The function that answers a create of a kind that is never stored; undefined for all others. */
export function reviewFor({ group, kind }: Kind): ((context: Context) => Promise<Reply>) | undefined {
  if (group === '' && kind === 'Binding') return createBinding;
  const isReview = group === 'authorization.k8s.io' || group === 'authentication.k8s.io';
  const answer = isReview && Object.hasOwn(answers, kind) ? answers[kind] : undefined;
  if (answer === undefined) return undefined;
  return async (context) => {
    const object = await decodeObject(context);
    await admit(context, 'CREATE', { object });
    object['status'] = await answer(object, context);
    object.metadata = { ...object.metadata, creationTimestamp: null as never };
    return objectReply(context.kind, object, 201);
  };
}

function userOfSpec(spec: KubernetesObject['spec']): UserInfo {
  const { user = '', groups = [], uid, extra } = spec ?? {};
  if (user === '' && groups.length === 0) throw badRequest('spec.user or spec.groups: at least one must be given');
  return { username: user, groups, uid, extra };
}

function access({ defences }: Context, user: UserInfo, spec: KubernetesObject['spec']): { allowed: boolean } {
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec ?? {};
  if ((resource === undefined) === (path === undefined))
    throw badRequest('exactly one of spec.resourceAttributes and spec.nonResourceAttributes must be given');
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  const attributes: Attributes = path
    ? { user, verb: path.verb ?? '', ...none, nonResourcePath: path.path ?? '' }
    : {
        ...{ user, verb: resource.verb ?? '', group: resource.group ?? '', version: resource.version ?? '' },
        ...{ resource: resource.resource ?? '', subresource: resource.subresource ?? '' },
        ...{ namespace: resource.namespace ?? '', name: resource.name ?? '' },
      };
  const { allowed, reason } = defences.authorize(attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function rules({ defences, user }: Context, namespace: string): object {
  if (namespace === '') throw badRequest('spec.namespace: Required value: no namespace on request');
  const { rules: held, incomplete } = firstOf(defences.rulesFor(user, namespace));
  return {
    resourceRules: held
      .filter(({ resources }) => resources !== undefined)
      .map(({ verbs, apiGroups, resources, resourceNames }) => ({ verbs, apiGroups, resources, resourceNames })),
    nonResourceRules: held
      .filter(({ nonResourceURLs }) => nonResourceURLs !== undefined)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete,
  };
}

/** Of all rules in one answer: what many bindings of large roles give is a hundred megabytes. */
const wordsMax = 100_000;

function firstOf(all: PolicyRule[]): { rules: PolicyRule[]; incomplete: boolean } {
  let words = 0;
  const end = all.findIndex((rule) => {
    for (const list of Object.values(rule)) words += list.length;
    return words > wordsMax;
  });
  return end < 0 ? { rules: all, incomplete: false } : { rules: all.slice(0, end), incomplete: true };
}
