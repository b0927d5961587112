import { engine } from '../../api/admission-policy/engine.ts';
import { isExempt } from '../../api/admission-policy/match.ts';
import type { BoundMutation } from '../../api/admission-policy/mutate.ts';
import type { PolicyRequest } from '../../api/admission-policy/request.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { MutatingAdmissionPolicy } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { AdmissionPlugin, Authorizer } from '../contracts.ts';
import { setReplicas } from '../subresources/scale.ts';
import { boundPolicies, policyRequest, surroundingsOf } from './policy-surroundings.ts';

/**
 * Changes objects as the MutatingAdmissionPolicies say that users have stored and bound. What a subresource may not write
 * the server takes back afterwards. https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
 */
export function mutatingAdmissionPolicy(authorize: Authorizer, clock: Clock): AdmissionPlugin {
  const compile = (policy: object) => engine.compile.compileMutation(policy as MutatingAdmissionPolicy);
  const boundMutations = boundPolicies<BoundMutation['policy'], BoundMutation['binding']>('mutatingadmission', compile);
  return {
    name: 'MutatingAdmissionPolicy',
    mutate(request) {
      const bound = boundMutations(request.lookup);
      const { object } = request;
      if (bound.length === 0 || object === undefined || isExempt(request.kind)) return;
      const asked = policyRequest(request) as PolicyRequest & { object: KubernetesObject };
      const mutated = engine.mutate.mutateByPolicies(bound, asked, surroundingsOf(request, authorize, clock));
      if ('error' in mutated) {
        const { policy, binding, error, reason } = mutated;
        const text = `policy '${policy}' with binding '${binding}' denied request: ${error}`;
        throw new ApiError(reason, text, undefined, { code: 403 });
      }
      if (request.subresource === 'scale') {
        setReplicas(request.kind, object, mutated.object['spec']?.replicas);
        return;
      }
      // in place: others hold the object
      for (const key of Object.keys(object)) if (!Object.hasOwn(mutated.object, key)) delete object[key];
      Object.assign(object, mutated.object);
    },
  };
}
