import type { ParamKind, ParamRef } from '../../api/schema/types.d.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../contracts.ts';
import { concerns, refusal } from './about.ts';
import { resourceOfKind } from './kind-resource.ts';

const group = 'admissionregistration.k8s.io';
const writes = ['CREATE', 'UPDATE'];

/**
 * Expressions see parameters and put them into messages: who writes a policy must be allowed to read every object of its
 * paramKind, who binds it the one that is bound.
 * Source: kubernetes/kubernetes pkg/registry/admissionregistration/validatingadmissionpolicy/authz.go.
 */
export const policyParamRights = (authorize: Authorizer): AdmissionPlugin => ({
  name: 'AdmissionPolicyParams',
  validate(request) {
    if (request.kind.group !== group) return;
    for (const prefix of ['validating', 'mutating']) {
      const policies = `${prefix}admissionpolicies.${group}`;
      if (isWritten(request, policies)) checkPolicy(authorize, request);
      if (isWritten(request, `${prefix}admissionpolicybindings.${group}`)) checkBinding(authorize, request, policies);
    }
  },
});

const isWritten = (request: AdmissionRequest, resource: string) =>
  writes.some((operation) => concerns(request, operation, resource));

function checkPolicy(authorize: Authorizer, request: AdmissionRequest): void {
  const { paramKind } = request.object!['spec'] ?? {};
  if (paramKind === undefined || mayRead(authorize, request, paramKind, '', '')) return;
  const named = `kind=${paramKind.kind}, apiVersion=${paramKind.apiVersion}`;
  throw refusal(request, `who writes this policy must be allowed to get all objects of its paramKind (${named})`);
}

function checkBinding(authorize: Authorizer, request: AdmissionRequest, policies: string): void {
  const { paramRef, policyName } = request.object!['spec'] ?? {};
  const paramKind = request.lookup.get(policies, '', policyName ?? '')?.['spec']?.paramKind;
  if (paramRef === undefined || mayBind(authorize, request, paramKind, paramRef)) return;
  throw refusal(request, 'who binds this policy must be allowed to get the objects that paramRef names');
}

/** Without the policy it is not known what is bound: then only who may read everything binds it. */
function mayBind(
  authorize: Authorizer,
  request: AdmissionRequest,
  kind: ParamKind | undefined,
  ref: ParamRef,
): boolean {
  const { name = '', namespace = '' } = ref;
  return mayRead(authorize, request, kind, namespace, name);
}

function mayRead(
  authorize: Authorizer,
  { user, lookup }: AdmissionRequest,
  kind: ParamKind | undefined,
  namespace: string,
  name: string,
): boolean {
  const found = kind === undefined ? undefined : resourceOfKind(lookup, kind);
  const { group, plural } = found ?? { group: '*', plural: '*' };
  const asked = { user, verb: 'get', group, version: '*', resource: plural, subresource: '' };
  return authorize({ ...asked, namespace, name }).allowed;
}
