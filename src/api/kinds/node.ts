import { defineKind } from '../define.ts';
import { taintEffects } from '../pods/scheduling.ts';
import type { Node } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, conditionOf, nameColumn, none } from '../table.ts';
import { duplicate, ErrorList, forbiddenValue, invalidValue } from '../validation/errors.ts';
import { labelValue, qualifiedName } from '../validation/names.ts';
import { checkCidr, checkEnum, hasFamilyTwice } from '../validation/values.ts';

const rolePrefix = 'node-role.kubernetes.io/';

function roles({ metadata }: Node): string {
  const found = new Set<string>();
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(rolePrefix) && key !== rolePrefix) found.add(key.slice(rolePrefix.length));
    else if (key === 'kubernetes.io/role' && value) found.add(value);
  }
  return found.size === 0 ? none : [...found].sort().join(',');
}

function readiness(node: Node): string {
  const ready = conditionOf(node, 'Ready');
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (node.spec?.unschedulable) words.push('SchedulingDisabled');
  return words.join(',');
}

const address = (type: string) => (node: Node) =>
  node.status?.addresses?.find((candidate) => candidate.type === type)?.address ?? none;

function kernel({ status }: Node): string {
  const { kernelVersion, architecture } = status?.nodeInfo ?? {};
  if (!kernelVersion) return '<unknown>';
  return architecture ? `${kernelVersion} (${architecture})` : kernelVersion;
}

export const node = defineKind<Node>({
  kind: 'Node',
  resource: 'nodes',
  hasGeneration: false,
  shortNames: ['no'],
  namespaced: false,
  status: true,
  keepsStatusOnCreate: true,
  subresources: [{ name: 'proxy', kind: 'NodeProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }],
  selectableFields: [['spec.unschedulable', ({ spec }) => String(spec?.unschedulable ?? false)]],
  wholeTable: true,
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'The status of the node', value: readiness },
    { name: 'Roles', type: 'string', description: 'The roles of the node', value: roles },
    ageColumn,
    { name: 'Version', type: 'string', value: ({ status }) => status?.nodeInfo?.kubeletVersion ?? '' },
    { name: 'Internal-IP', type: 'string', priority: 1, value: address('InternalIP') },
    { name: 'External-IP', type: 'string', priority: 1, value: address('ExternalIP') },
    { name: 'OS-Image', type: 'string', priority: 1, value: ({ status }) => status?.nodeInfo?.osImage || '<unknown>' },
    {
      name: 'Kernel-Version',
      type: 'string',
      priority: 1,
      value: kernel,
    },
    {
      name: 'Container-Runtime',
      type: 'string',
      priority: 1,
      value: ({ status }) => status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    },
  ],
  validate({ spec }, old) {
    const errors = new ErrorList();
    const cidrs = spec?.podCIDRs ?? [];
    cidrs.forEach((cidr, index) => {
      checkCidr(cidr, `spec.podCIDRs[${index}]`, errors);
    });
    if (hasFamilyTwice(cidrs))
      errors.push(invalidValue('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'));
    validateTaints(spec?.taints ?? [], errors);
    // Pods already have addresses from it, and volumes and clouds know the node by these.
    for (const name of ['podCIDR', 'providerID'] as const)
      if (old?.spec?.[name] && spec?.[name] !== old.spec[name])
        errors.push(forbiddenValue(`spec.${name}`, `node updates may not change ${name} except from "" to valid`));
    return errors;
  },
  defaults({ spec, status }) {
    // The one is the first of the others, whichever a client wrote (upstream's conversion).
    if (spec?.podCIDR) spec.podCIDRs = [spec.podCIDR, ...(spec.podCIDRs ?? []).slice(1)];
    else if (spec?.podCIDRs?.length) delete spec.podCIDRs;
    if (status?.capacity) status.allocatable ??= { ...status.capacity };
  },
});

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateNodeTaints. */
function validateTaints(taints: { key: string; value?: string; effect: string }[], errors: FieldError[]): void {
  const seen = new Set<string>();
  taints.forEach(({ key, value = '', effect }, index) => {
    const at = `spec.taints[${index}]`;
    const wrongKey = qualifiedName(key ?? '');
    if (wrongKey) errors.push(invalidValue(`${at}.key`, key ?? '', wrongKey));
    const wrongValue = labelValue(value);
    if (wrongValue) errors.push(invalidValue(`${at}.value`, value, wrongValue));
    checkEnum(effect, taintEffects, `${at}.effect`, errors);
    if (seen.has(`${key} ${effect}`))
      errors.push({
        ...duplicate(at, { key, effect }),
        message: `Duplicate value: "${key}:${effect}": taints must be unique by key and effect pair`,
      });
    seen.add(`${key} ${effect}`);
  });
}
