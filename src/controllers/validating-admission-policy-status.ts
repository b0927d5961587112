import { engine } from '../api/admission-policy/engine.ts';
import type { TypedKind } from '../api/admission-policy/type-check.ts';
import { kinds } from '../api/api.ts';
import type { Schema } from '../api/schema/schema.ts';
import type { CustomResourceDefinition, ValidatingAdmissionPolicy } from '../api/schema/types.d.ts';
import type { Controller } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';

const policies = 'validatingadmissionpolicies.admissionregistration.k8s.io';
const definitions = 'customresourcedefinitions.apiextensions.k8s.io';

/**
 * Says in the status of each policy which of its expressions cannot be right for the kinds it names: a field that there is
 * not, a number compared with a text. It is said once per generation, and changes nothing that the policy does.
 */
export const validatingAdmissionPolicyStatusController = (): Controller => ({
  name: 'validatingadmissionpolicy-status',
  reconciles: policies,
  reads: [definitions],
  writes: { [`${policies}/status`]: ['update'] },

  async reconcile({ name }, context) {
    const policy = context.cache<ValidatingAdmissionPolicy>(policies).get('', name);
    if (policy === undefined || isDeleting(policy)) return undefined;
    const { generation } = policy.metadata;
    if (policy.status?.observedGeneration === generation) return undefined;
    const defined = context.cache<CustomResourceDefinition>(definitions).list().flatMap(kindsOf);
    const expressionWarnings = engine.typeCheck.typeWarnings(policy, [...kinds, ...defined]);
    const typeChecking = expressionWarnings.length === 0 ? {} : { expressionWarnings };
    await writeStatus(context, policies, policy, { ...policy.status, observedGeneration: generation, typeChecking });
    return undefined;
  },
});

/** The kinds that a definition makes, with what every object has. */
function kindsOf({ spec }: CustomResourceDefinition): TypedKind[] {
  return spec.versions.flatMap(({ name, served, schema }) => {
    const own = schema?.openAPIV3Schema as Schema | undefined;
    if (!served || own?.properties === undefined) return [];
    const { group, names } = spec;
    return [{ group, version: name, kind: names.kind, resource: names.plural, schema: whole(own) }];
  });
}

const text: Schema = { type: 'string' };

function whole(schema: Schema): Schema {
  const metadata = kinds.find(({ kind }) => kind === 'ConfigMap')!.schema.properties!['metadata']!;
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata } };
}
