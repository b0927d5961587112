import { compareQuantities, isQuantity } from '../../foundation/quantity.ts';
import { checkResourceName } from '../pods/resources.ts';
import type { HorizontalPodAutoscaler, HPAScalingRules, MetricSpec, MetricTarget } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { dnsLabel, pathSegment } from '../validation/names.ts';
import { checkEnum, checkName, checkNotNegative } from '../validation/values.ts';

/** Source: kubernetes/kubernetes pkg/apis/autoscaling/validation/validation.go. */
export function validateAutoscaler({ spec }: Pick<HorizontalPodAutoscaler, 'spec'>): FieldError[] {
  const errors = new ErrorList();
  const { minReplicas, maxReplicas = 0, scaleTargetRef, metrics = [], behavior } = spec ?? {};
  if (minReplicas !== undefined && minReplicas < 1)
    errors.push(invalidValue('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'));
  if (maxReplicas < 1) errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than 0'));
  if (maxReplicas < (minReplicas ?? 1))
    errors.push(invalidValue('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'));
  validateReference(scaleTargetRef, 'spec.scaleTargetRef', errors);
  const version = scaleTargetRef?.apiVersion ?? '';
  // Everything of the core group that scales has no group to name.
  if (!version.includes('/') && !(version === 'v1' && scaleTargetRef?.kind === 'ReplicationController'))
    errors.push(invalidValue('spec.scaleTargetRef.apiVersion', version, 'apiVersion must specify API group'));
  metrics.forEach((metric, index) => {
    validateMetric(metric, `spec.metrics[${index}]`, errors);
  });
  for (const way of ['scaleUp', 'scaleDown'] as const)
    if (behavior?.[way]) validateScaling(behavior[way], `spec.behavior.${way}`, errors);
  return errors;
}

function validateReference(
  { kind, name }: { kind?: string; name?: string } = {},
  field: string,
  errors: FieldError[],
): void {
  checkName(kind, pathSegment, `${field}.kind`, errors);
  checkName(name, pathSegment, `${field}.name`, errors);
}

/** The field that holds the source of each type of metric. */
const sourceFields = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const;
const sourceTypes = enumOf(Object.keys(sourceFields), 'autoscaling.v2.MetricSpec.type');
const targetTypes = enumOf(['AverageValue', 'Utilization', 'Value'], 'autoscaling.v2.MetricTarget.type');

function validateMetric(metric: MetricSpec, field: string, errors: FieldError[]): void {
  const { type } = metric;
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric source type'));
  if (!sourceTypes.includes(type ?? '')) errors.push(notSupported(`${field}.type`, type ?? '', sourceTypes));
  const expected = sourceFields[type as keyof typeof sourceFields];
  for (const name of Object.values(sourceFields)) {
    if (metric[name] === undefined && name === expected)
      errors.push(required(`${field}.${name}`, 'must populate information for the given metric source'));
    if (metric[name] !== undefined && name !== expected && expected !== undefined)
      errors.push(forbiddenValue(`${field}.${name}`, 'must populate the given metric source only'));
  }
  const { containerResource, external, object, pods, resource } = metric;
  if (resource) validateResource(resource, `${field}.resource`, false, errors);
  if (containerResource) {
    validateResource(containerResource, `${field}.containerResource`, true, errors);
    const at = `${field}.containerResource.container`;
    if (!containerResource.container) errors.push(required(at, 'must specify a container'));
    else checkName(containerResource.container, dnsLabel, at, errors);
  }
  if (pods) {
    validateNamed(pods, `${field}.pods`, errors);
    if (!isMoreThanZero(pods.target?.averageValue))
      errors.push(required(`${field}.pods.target.averageValue`, 'must specify a positive target averageValue'));
  }
  if (object) {
    validateReference(object.describedObject, `${field}.object.describedObject`, errors);
    validateNamed(object, `${field}.object`, errors);
    const { value, averageValue } = object.target ?? {};
    if (value === undefined && averageValue === undefined)
      errors.push(required(`${field}.object.target.averageValue`, 'must set either a target value or averageValue'));
  }
  if (!external) return;
  validateNamed(external, `${field}.external`, errors);
  const { value, averageValue } = external.target ?? {};
  const one = 'a target value for metric and a per-pod target';
  if (value !== undefined && averageValue !== undefined)
    errors.push(forbiddenValue(`${field}.external.target.value`, `may not set both ${one}`));
  if (value === undefined && averageValue === undefined)
    errors.push(
      required(
        `${field}.external.target.averageValue`,
        'must set either a target value for metric or a per-pod target',
      ),
    );
}

/** What a container can be asked for by a plain name. */
const measured = new Set(['cpu', 'ephemeral-storage', 'memory']);

function validateResource(
  { name, target }: { name?: string; target?: MetricTarget },
  field: string,
  isPerContainer: boolean,
  errors: FieldError[],
): void {
  if (!name) errors.push(required(`${field}.name`, 'must specify a resource name'));
  else if (isPerContainer) checkResourceName(name, measured, `${field}.name`, errors);
  validateTarget(target, `${field}.target`, errors);
  const { averageUtilization, averageValue } = target ?? {};
  if (averageUtilization === undefined && averageValue === undefined)
    errors.push(
      required(`${field}.target.averageUtilization`, 'must set either a target raw value or a target utilization'),
    );
  if (averageUtilization !== undefined && averageValue !== undefined)
    errors.push(
      forbiddenValue(`${field}.target.averageValue`, 'may not set both a target raw value and a target utilization'),
    );
}

type Named = { metric?: { name?: string; selector?: object }; target?: MetricTarget };

function validateNamed({ metric, target }: Named, field: string, errors: FieldError[]): void {
  const wrong = metric?.name ? pathSegment(metric.name) : undefined;
  if (!metric?.name) errors.push(required(`${field}.metric.name`, 'must specify a metric name'));
  else if (wrong) errors.push(invalidValue(`${field}.metric.name`, metric.name, wrong));
  validateTarget(target, `${field}.target`, errors);
}

function validateTarget(target: Partial<MetricTarget> = {}, field: string, errors: FieldError[]): void {
  const { type, averageUtilization } = target;
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric target type'));
  if (!targetTypes.includes(type ?? ''))
    errors.push(invalidValue(`${field}.type`, type ?? '', 'must be either Utilization, Value, or AverageValue'));
  for (const name of ['value', 'averageValue'] as const)
    if (target[name] !== undefined && !isMoreThanZero(target[name]))
      errors.push(invalidValue(`${field}.${name}`, target[name], 'must be positive'));
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(invalidValue(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'));
}

const isMoreThanZero = (amount: string | undefined): boolean =>
  amount !== undefined && isQuantity(amount) && compareQuantities(amount, '0') > 0;

const windowSecondsMax = 3600;
const periodSecondsMax = 1800;

const selections = enumOf(['Disabled', 'Max', 'Min'], 'autoscaling.v2.HPAScalingRules.selectPolicy');
const policyTypes = enumOf(['Percent', 'Pods'], 'autoscaling.v2.HPAScalingPolicy.type');

function validateScaling(rules: HPAScalingRules, field: string, errors: FieldError[]): void {
  const { stabilizationWindowSeconds: window, selectPolicy, policies, tolerance } = rules;
  checkNotNegative(window, `${field}.stabilizationWindowSeconds`, errors);
  if ((window ?? 0) > windowSecondsMax)
    errors.push(
      invalidValue(`${field}.stabilizationWindowSeconds`, window, `must be less than or equal to ${windowSecondsMax}`),
    );
  if (selectPolicy !== undefined && !selections.includes(selectPolicy))
    errors.push(notSupported(`${field}.selectPolicy`, selectPolicy, selections));
  if (tolerance !== undefined && isQuantity(tolerance) && compareQuantities(tolerance, '0') < 0)
    errors.push(invalidValue(`${field}.tolerance`, tolerance, 'must be greater or equal to zero'));
  if (policies === undefined || policies.length === 0)
    errors.push(required(`${field}.policies`, 'must specify at least one Policy'));
  (policies ?? []).forEach(({ type, value, periodSeconds }, index) => {
    const at = `${field}.policies[${index}]`;
    checkEnum(type, policyTypes, `${at}.type`, errors);
    if (!value || value < 0) errors.push(invalidValue(`${at}.value`, value ?? 0, 'must be greater than zero'));
    if (!periodSeconds || periodSeconds < 0)
      errors.push(invalidValue(`${at}.periodSeconds`, periodSeconds ?? 0, 'must be greater than zero'));
    else if (periodSeconds > periodSecondsMax)
      errors.push(
        invalidValue(`${at}.periodSeconds`, periodSeconds, `must be less than or equal to ${periodSecondsMax}`),
      );
  });
}
