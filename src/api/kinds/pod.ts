import { defineKind } from '../define.ts';
import { takeAppArmorAnnotations } from '../pods/app-armor.ts';
import { podColumns } from '../pods/columns.ts';
import { defaultPod } from '../pods/defaults.ts';
import { takeLabelValues } from '../pods/label-keys.ts';
import { qosClass } from '../pods/qos.ts';
import { validateEphemeralContainersUpdate, validateMirrorAnnotation, validatePodUpdate } from '../pods/update.ts';
import { validatePod } from '../pods/validate.ts';
import type { Pod } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { invalidValue } from '../validation/errors.ts';
import { podWarnings } from '../warnings/pods.ts';

const connect = (name: string, kind: string, verbs = ['create', 'get']) => ({ name, kind, verbs });

export const pod = defineKind<Pod>({
  kind: 'Pod',
  resource: 'pods',
  warnings: podWarnings,
  returnsDeleted: true,
  shortNames: ['po'],
  categories: ['all'],
  status: true,
  subresources: [
    connect('attach', 'PodAttachOptions'),
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] },
    connect('exec', 'PodExecOptions'),
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    connect('portforward', 'PodPortForwardOptions'),
    connect('proxy', 'PodProxyOptions', ['create', 'delete', 'get', 'patch', 'update']),
    { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  ],
  // Source: kubernetes/kubernetes pkg/registry/core/pod/strategy.go, ToSelectableFields.
  selectableFields: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    ['spec.hostNetwork', ({ spec }) => String(spec?.hostNetwork ?? false)],
    'status.phase',
    ['status.podIP', ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? ''],
    'status.nominatedNodeName',
  ],
  columns: podColumns,
  defaults: defaultPod,
  prepareCreate(object) {
    takeLabelValues(object);
    takeAppArmorAnnotations(object);
    object.status = { phase: 'Pending', qosClass: qosClass(object) };
    if (object.spec?.schedulingGates?.length) object.status.conditions = [gated()];
  },
  validate(object, old, subresource) {
    if (!old) return validatePod(object);
    if (subresource === 'ephemeralcontainers') return validateEphemeralContainersUpdate(object, old);
    if (subresource === 'resize') return validateResize(object, old);
    return [...validatePod(object), ...validatePodUpdate(object, old), ...validateMirrorAnnotation(object, old)];
  },
  validateStatus: validateMirrorAnnotation,
});

const gated = () => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
});

/** What the node promised the pod at first is kept. Source: pkg/apis/core/validation/validation.go, ValidatePodResize. */
function validateResize(object: Pod, old: Pod): FieldError[] {
  const errors = validatePod(object);
  if (qosClass(object) !== (old.status?.qosClass ?? qosClass(old)))
    errors.push(invalidValue('spec', qosClass(object), 'Pod QOS Class may not change as a result of resizing'));
  return errors;
}
