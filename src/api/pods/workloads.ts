import type { PodTemplateSpec } from '../schema/types.d.ts';
import { type LabelSelector, matchesSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, immutable, invalidValue, notSupported, required } from '../validation/errors.ts';
import { isEmptySelector, validateSelector } from '../validation/selectors.ts';
import { checkNotNegative, sameValue } from '../validation/values.ts';
import { validatePodTemplate } from './validate.ts';

type Workload = {
  spec?: { replicas?: number; minReadySeconds?: number; selector?: LabelSelector; template?: PodTemplateSpec };
};

/**
 * What Deployment, ReplicaSet, StatefulSet and DaemonSet share: the selector must select the template's pods and never
 * changes, pods are restarted always. Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go.
 */
export function validateWorkload({ spec = {} }: Workload, old: Workload | undefined): FieldError[] {
  const errors = new ErrorList();
  checkNotNegative(spec.replicas, 'spec.replicas', errors);
  checkNotNegative(spec.minReadySeconds, 'spec.minReadySeconds', errors);
  const { selector, template } = spec;
  if (!selector) errors.push(required('spec.selector'));
  else {
    validateSelector(selector, 'spec.selector', errors);
    if (isEmptySelector(selector))
      errors.push(invalidValue('spec.selector', selector, 'empty selector is invalid for deployment'));
    else if (!matchesSelector(selector, template?.metadata?.labels))
      errors.push(
        invalidValue(
          'spec.template.metadata.labels',
          template?.metadata?.labels ?? {},
          '`selector` does not match template `labels`',
        ),
      );
  }
  validatePodTemplate(template, 'spec.template', errors);
  const restart = template?.spec?.restartPolicy;
  if (restart && restart !== 'Always')
    errors.push(notSupported('spec.template.spec.restartPolicy', restart, ['Always']));
  if (template?.spec?.activeDeadlineSeconds !== undefined)
    errors.push({
      reason: 'FieldValueForbidden',
      field: 'spec.template.spec.activeDeadlineSeconds',
      message: 'Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
    });
  if (old && !sameValue(selector, old.spec?.selector)) errors.push(immutable('spec.selector', selector));
  return errors;
}
