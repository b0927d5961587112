import { defineKind } from '../define.ts';
import { defaultPodTemplate, takeTemplateLabels } from '../pods/defaults.ts';
import { replicaColumns, replicaScale, statusReplicas } from '../pods/replicated.ts';
import { validatePodTemplate } from '../pods/validate.ts';
import type { ReplicationController } from '../schema/types.d.ts';
import { matchesLabels } from '../selectors.ts';
import { containerColumns, showLabels } from '../table.ts';
import { validateReplicas } from '../validation/counts.ts';
import { ErrorList, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { checkNotNegative } from '../validation/values.ts';
import { workloadWarnings } from '../warnings/pods.ts';

export const replicationController = defineKind<ReplicationController>({
  kind: 'ReplicationController',
  resource: 'replicationcontrollers',
  warnings: workloadWarnings,
  orphansDependents: true,
  shortNames: ['rc'],
  categories: ['all'],
  status: true,
  validateStatus: ({ status }) => validateReplicas(status),
  scale: replicaScale,
  selectableFields: [statusReplicas],
  columns: [
    ...replicaColumns,
    ...containerColumns<ReplicationController>(({ spec }) => spec?.template?.spec?.containers),
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showLabels(spec?.selector) },
  ],
  defaults(object) {
    const { spec } = object;
    if (!spec) return;
    spec.replicas ??= 1;
    const labels = spec.template?.metadata?.labels;
    if (labels && Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    takeTemplateLabels(object);
    defaultPodTemplate(spec.template);
  },
  validate({ spec }) {
    const errors = new ErrorList();
    checkNotNegative(spec?.replicas, 'spec.replicas', errors);
    const labels = spec?.template?.metadata?.labels;
    if (Object.keys(spec?.selector ?? {}).length === 0) errors.push(required('spec.selector'));
    else if (!matchesLabels(spec?.selector, labels))
      errors.push(
        invalidValue('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'),
      );
    checkNotNegative(spec?.minReadySeconds, 'spec.minReadySeconds', errors);
    validatePodTemplate(spec?.template, 'spec.template', errors);
    const { restartPolicy, activeDeadlineSeconds } = spec?.template?.spec ?? {};
    if (restartPolicy && restartPolicy !== 'Always')
      errors.push(notSupported('spec.template.spec.restartPolicy', restartPolicy, ['Always']));
    if (activeDeadlineSeconds !== undefined)
      errors.push(
        forbiddenValue(
          'spec.template.spec.activeDeadlineSeconds',
          'activeDeadlineSeconds in ReplicationController is not Supported',
        ),
      );
    return errors;
  },
  prepareCreate(object) {
    object.status = { replicas: 0 };
  },
});
