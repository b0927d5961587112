import type { Scope } from '../cel/types/check.ts';
import { knownFunctions, readFunctions } from '../cel/types/functions.ts';
import { patchSignatures } from '../cel/types/signatures.ts';
import { bool, dyn, listOf, objectType, readType, string, type Type } from '../cel/types/type.ts';

const fieldsOf = (type: Type, names: string[]) => Object.fromEntries(names.map((name) => [name, type]));
const [int, timestamp, labels] = ['int', 'timestamp', 'map(string, string)'].map(readType) as [Type, Type, Type];

const gvk = objectType('kubernetes.GroupVersionKind', fieldsOf(string, ['group', 'version', 'kind']));
const gvr = objectType('kubernetes.GroupVersionResource', fieldsOf(string, ['group', 'version', 'resource']));
const userInfo = objectType('kubernetes.UserInfo', {
  ...{ ...fieldsOf(string, ['username', 'uid']), groups: listOf(string) },
  extra: readType('map(string, list(string))'),
});

/** admission/v1 AdmissionRequest, without `uid`, `object` and `oldObject`. */
export const requestType = objectType('kubernetes.AdmissionRequest', {
  ...{ kind: gvk, requestKind: gvk, resource: gvr, requestResource: gvr, userInfo, dryRun: bool, options: dyn },
  ...fieldsOf(string, ['subResource', 'requestSubResource', 'name', 'namespace', 'operation']),
});

/** What expressions may know of a Namespace. */
const namespaceType = objectType('kubernetes.Namespace', {
  metadata: objectType('kubernetes.NamespaceMetadata', {
    ...fieldsOf(string, ['name', 'generateName', 'namespace', 'UID', 'resourceVersion']),
    ...{ labels, annotations: labels, creationTimestamp: timestamp, deletionTimestamp: timestamp },
    ...{ deletionGracePeriodSeconds: int, generation: int, finalizers: listOf(string) },
  }),
  spec: objectType('kubernetes.NamespaceSpec', { finalizers: listOf(string) }),
  status: objectType('kubernetes.NamespaceStatus', {
    phase: string,
    conditions: listOf(
      objectType('kubernetes.NamespaceCondition', {
        ...fieldsOf(string, ['status', 'type', 'message', 'reason']),
        lastTransitionTime: timestamp,
      }),
    ),
  }),
});

const authorizer = readType('kubernetes.authorization.Authorizer');
const resourceCheck = readType('kubernetes.authorization.ResourceCheck');
const jsonPatchType = objectType('JSONPatch', { ...fieldsOf(string, ['op', 'path', 'from']), value: dyn });

export type ScopeOptions = {
  params: boolean;
  /** Messages may not depend on who has which rights. */
  authorizer: boolean;
  /** Of a mutating policy: whose expressions may make objects and patches. */
  patches: boolean;
  /** What `variables` has; undefined where there are none. */
  variables: Record<string, Type> | undefined;
  /** Types of the objects, where they are known. */
  objects?: Partial<Record<'object' | 'oldObject' | 'params', Type>>;
};

/** What expressions of a policy may name. Source: k8s.io/apiserver/pkg/admission/plugin/cel/compile.go. */
export function policyScope({ params, authorizer: asks, patches, variables, objects = {} }: ScopeOptions): Scope {
  const { object = dyn, oldObject = object } = objects;
  const known = new Map<string, Type>([
    ...[['object', object] as const, ['oldObject', oldObject] as const],
    ...[['request', requestType] as const, ['namespaceObject', namespaceType] as const],
  ]);
  if (params) known.set('params', objects.params ?? dyn);
  if (asks) known.set('authorizer', authorizer).set('authorizer.requestResource', resourceCheck);
  if (variables !== undefined) known.set('variables', objectType('kubernetes.variables', variables));
  return patches
    ? { variables: known, functions: patchFunctions(), objectType: patchType }
    : { variables: known, functions: knownFunctions() };
}

const patchFunctions = () => new Map([...knownFunctions(), ...readFunctions(patchSignatures)]);

function patchType(name: string): Type | undefined {
  if (name === 'JSONPatch') return jsonPatchType;
  return name === 'Object' || name.startsWith('Object.') ? { name, params: [] } : undefined;
}
