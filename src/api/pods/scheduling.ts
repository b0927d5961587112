import type { Affinity, NodeSelectorTerm, PodAffinityTerm, PodSpec, Toleration } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateLabels } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../validation/names.ts';
import { validateExpression, validateSelector } from '../validation/selectors.ts';
import { checkEnum, checkOptionalEnum, checkOptionalName, checkRange, checkUnique } from '../validation/values.ts';

/** Where a pod may go. Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go. */
export function validateScheduling(spec: PodSpec, field: string, errors: FieldError[]): void {
  if (spec.nodeSelector) validateLabels(spec.nodeSelector, `${field}.nodeSelector`, errors);
  if (spec.affinity) validateAffinity(spec.affinity, `${field}.affinity`, errors);
  if (spec.tolerations) validateTolerations(spec.tolerations, `${field}.tolerations`, errors);
  if (spec.topologySpreadConstraints) validateSpread(spec, `${field}.topologySpreadConstraints`, errors);
  if (spec.schedulingGates) validateGates(spec.schedulingGates, `${field}.schedulingGates`, errors);
}

function validateGates(gates: NonNullable<PodSpec['schedulingGates']>, field: string, errors: FieldError[]): void {
  gates.forEach(({ name }, index) => {
    const wrong = qualifiedName(name ?? '');
    if (wrong) errors.push(invalidValue(`${field}[${index}]`, name, wrong));
  });
  checkUnique(
    gates.map(({ name }) => name),
    (index) => `${field}[${index}]`,
    errors,
  );
}

const nodeOperators = enumOf(
  ['DoesNotExist', 'Exists', 'Gt', 'In', 'Lt', 'NotIn'],
  'core.v1.NodeSelectorRequirement.operator',
);

function validateAffinity(
  { nodeAffinity, podAffinity, podAntiAffinity }: Affinity,
  field: string,
  errors: FieldError[],
) {
  const needed = nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (needed) {
    const at = `${field}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    if (!needed.nodeSelectorTerms?.length) errors.push(required(at, 'must have at least one node selector term'));
    needed.nodeSelectorTerms?.forEach((term, index) => {
      validateNodeTerm(term, `${at}[${index}]`, errors);
    });
  }
  (nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach(({ weight, preference }, index) => {
    const at = `${field}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    checkWeight(weight, `${at}.weight`, errors);
    validateNodeTerm(preference ?? {}, `${at}.preference`, errors);
  });
  for (const [name, affinity] of [
    ['podAffinity', podAffinity] as const,
    ['podAntiAffinity', podAntiAffinity] as const,
  ]) {
    (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).forEach((term, index) => {
      validatePodTerm(term, `${field}.${name}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`, errors);
    });
    (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).forEach(({ weight, podAffinityTerm }, index) => {
      const at = `${field}.${name}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      checkWeight(weight, `${at}.weight`, errors);
      validatePodTerm(podAffinityTerm ?? { topologyKey: '' }, `${at}.podAffinityTerm`, errors);
    });
  }
}

function checkWeight(weight: number | undefined, field: string, errors: FieldError[]): void {
  if (weight === undefined || weight < 1 || weight > 100)
    errors.push(invalidValue(field, weight ?? 0, 'must be in the range 1-100'));
}

export function validateNodeTerm(term: NodeSelectorTerm, field: string, errors: FieldError[]): void {
  (term.matchExpressions ?? []).forEach((requirement, index) => {
    validateExpression(requirement, `${field}.matchExpressions[${index}]`, nodeOperators, errors);
  });
  (term.matchFields ?? []).forEach(({ key, operator, values = [] }, index) => {
    const at = `${field}.matchFields[${index}]`;
    if (key !== 'metadata.name') errors.push(invalidValue(`${at}.key`, key, 'not a valid field selector key'));
    checkEnum(operator, ['In', 'NotIn'], `${at}.operator`, errors);
    values.forEach((value, position) => {
      checkOptionalName(value, dnsSubdomain, `${at}.values[${position}]`, errors);
    });
    if (values.length !== 1) errors.push(required(`${at}.values`, 'must be only one value when `operator` is ...'));
  });
}

type Keyed = Pick<PodAffinityTerm, 'labelSelector' | 'matchLabelKeys' | 'mismatchLabelKeys'>;

/** Keys whose values are taken from the pod itself. Source: ValidatePodAffinityTerm, validateMatchLabelKeys. */
function validateLabelKeys(term: Keyed, field: string, errors: FieldError[]): void {
  for (const list of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const keys = term[list] ?? [];
    if (keys.length > 0 && !term.labelSelector)
      errors.push(forbiddenValue(`${field}.${list}`, 'must not be specified when labelSelector is not set'));
    keys.forEach((key, index) => {
      const wrong = qualifiedName(key);
      if (wrong) errors.push(invalidValue(`${field}.${list}[${index}]`, key, wrong));
    });
  }
  const matched = new Set(term.matchLabelKeys);
  for (const key of matched.intersection(new Set(term.mismatchLabelKeys)))
    errors.push(invalidValue(`${field}.matchLabelKeys`, key, 'exists in both matchLabelKeys and mismatchLabelKeys'));
}

function validatePodTerm(term: PodAffinityTerm, field: string, errors: FieldError[]): void {
  validateLabelKeys(term, field, errors);
  validateSelector(term.labelSelector, `${field}.labelSelector`, errors);
  validateSelector(term.namespaceSelector, `${field}.namespaceSelector`, errors);
  (term.namespaces ?? []).forEach((name, index) => {
    const wrong = dnsLabel(name);
    if (wrong) errors.push(invalidValue(`${field}.namespaces[${index}]`, name, wrong));
  });
  if (!term.topologyKey) errors.push(required(`${field}.topologyKey`, 'can not be empty'));
  else if (qualifiedName(term.topologyKey))
    errors.push(invalidValue(`${field}.topologyKey`, term.topologyKey, qualifiedName(term.topologyKey)!));
}

const tolerationOperators = enumOf(['', 'Equal', 'Exists', 'Gt', 'Lt'], 'core.v1.Toleration.operator');
export const taintEffects = enumOf(
  ['NoExecute', 'NoSchedule', 'PreferNoSchedule'],
  'core.v1.Taint.effect',
  'core.v1.Toleration.effect',
);

export function validateTolerations(tolerations: Toleration[], field: string, errors: FieldError[]): void {
  tolerations.forEach(({ key, operator = 'Equal', value, effect, tolerationSeconds }, index) => {
    const at = `${field}[${index}]`;
    const wrongKey = key ? qualifiedName(key) : undefined;
    if (wrongKey) errors.push(invalidValue(`${at}.key`, key, wrongKey));
    if (!key && operator !== 'Exists')
      errors.push(
        invalidValue(
          `${at}.operator`,
          operator,
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    if (tolerationSeconds !== undefined && effect !== 'NoExecute')
      errors.push(
        invalidValue(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"),
      );
    if (operator === 'Exists' && value)
      errors.push(invalidValue(`${at}.operator`, operator, "value must be empty when `operator` is 'Exists'"));
    else if ((operator === 'Equal' || operator === '') && value && labelValue(value))
      errors.push(invalidValue(`${at}.operator`, value, labelValue(value)!));
    if (!tolerationOperators.includes(operator))
      errors.push(notSupported(`${at}.operator`, operator, ['Equal', 'Exists']));
    if (effect) checkEnum(effect, taintEffects, `${at}.effect`, errors);
  });
}

const spreadDecisions = enumOf(
  ['DoNotSchedule', 'ScheduleAnyway'],
  'core.v1.TopologySpreadConstraint.whenUnsatisfiable',
);
const spreadPolicies = enumOf(
  ['Honor', 'Ignore'],
  'core.v1.TopologySpreadConstraint.nodeAffinityPolicy',
  'core.v1.TopologySpreadConstraint.nodeTaintsPolicy',
);

function validateSpread({ topologySpreadConstraints = [] }: PodSpec, field: string, errors: FieldError[]): void {
  const seen = new Set<string>();
  topologySpreadConstraints.forEach((constraint, index) => {
    const at = `${field}[${index}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    if (!maxSkew || maxSkew < 0) errors.push(invalidValue(`${at}.maxSkew`, maxSkew ?? 0, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'));
    else if (qualifiedName(topologyKey))
      errors.push(invalidValue(`${at}.topologyKey`, topologyKey, qualifiedName(topologyKey)!));
    checkEnum(whenUnsatisfiable, spreadDecisions, `${at}.whenUnsatisfiable`, errors);
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair));
    seen.add(pair);
    if (minDomains !== undefined) {
      checkRange(minDomains, 1, 2 ** 31 - 1, `${at}.minDomains`, errors);
      if (whenUnsatisfiable !== 'DoNotSchedule')
        errors.push(
          invalidValue(
            `${at}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        );
    }
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
      checkOptionalEnum(constraint[name], spreadPolicies, `${at}.${name}`, errors);
    validateSelector(constraint.labelSelector, `${at}.labelSelector`, errors);
    validateLabelKeys(constraint, at, errors);
  });
}
