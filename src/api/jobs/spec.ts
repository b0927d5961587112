import { validatePodTemplate } from '../pods/validate.ts';
import type { JobSpec } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { invalidValue, notSupported, required, tooLong } from '../validation/errors.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkNoneNegative, checkOptionalEnum } from '../validation/values.ts';
import { validateFailurePolicy, validateSuccessPolicy } from './policies.ts';

const parallelismMax = 100_000;
const failedIndexesMax = 100_000;

const counts = [
  ...(['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit'] as const),
  ...(['ttlSecondsAfterFinished', 'backoffLimitPerIndex', 'maxFailedIndexes'] as const),
];

const completionModes = enumOf(['Indexed', 'NonIndexed'], 'batch.v1.JobSpec.completionMode');

const replacements = enumOf(['Failed', 'TerminatingOrFailed'], 'batch.v1.JobSpec.podReplacementPolicy');

/** Of a job, or of those that a CronJob makes. */
export function validateJobSpec(spec: JobSpec, field: string, errors: FieldError[]): void {
  checkNoneNegative(spec, counts, field, errors);
  validateIndexes(spec, field, errors);
  if (spec.managedBy !== undefined) validateManager(spec.managedBy, `${field}.managedBy`, errors);
  checkOptionalEnum(spec.completionMode, completionModes, `${field}.completionMode`, errors);
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined)
      errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
    if ((spec.parallelism ?? 0) > parallelismMax)
      errors.push(
        invalidValue(
          `${field}.parallelism`,
          spec.parallelism,
          `must be less than or equal to ${parallelismMax} when completion mode is Indexed`,
        ),
      );
  } else
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const)
      if (spec[name] !== undefined)
        errors.push(invalidValue(`${field}.${name}`, spec[name], 'requires indexed completion mode'));
  checkOptionalEnum(spec.podReplacementPolicy, replacements, `${field}.podReplacementPolicy`, errors);
  validateSelector(spec.selector, `${field}.selector`, errors);
  validatePodTemplate(spec.template, `${field}.template`, errors);
  const restart = spec.template?.spec?.restartPolicy;
  if (restart !== undefined && restart !== 'OnFailure' && restart !== 'Never')
    errors.push(notSupported(`${field}.template.spec.restartPolicy`, restart, ['OnFailure', 'Never']));
  if (spec.podFailurePolicy && restart !== 'Never')
    errors.push(
      invalidValue(
        `${field}.template.spec.restartPolicy`,
        restart,
        'only "Never" is supported when podFailurePolicy is specified',
      ),
    );
  validateFailurePolicy(spec, `${field}.podFailurePolicy.rules`, errors);
  if (spec.successPolicy && spec.completionMode === 'Indexed')
    validateSuccessPolicy(spec, `${field}.successPolicy.rules`, errors);
}

function validateIndexes(spec: JobSpec, field: string, errors: FieldError[]): void {
  const { maxFailedIndexes: failed, backoffLimitPerIndex, completions } = spec;
  if (failed === undefined) return;
  if (backoffLimitPerIndex === undefined)
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (completions !== undefined && failed > completions)
    errors.push(invalidValue(`${field}.maxFailedIndexes`, failed, 'must be less than or equal to completions'));
  if (failed > failedIndexesMax)
    errors.push(invalidValue(`${field}.maxFailedIndexes`, failed, `must be less than or equal to ${failedIndexesMax}`));
}

const managerLengthMax = 63;

function validateManager(name: string, field: string, errors: FieldError[]): void {
  const [domain = '', ...path] = name.split('/');
  if (name === '') errors.push(required(field));
  else if (path.join('/') === '' || dnsSubdomain(domain))
    errors.push(invalidValue(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  if (name.length > managerLengthMax) errors.push(tooLong(field, managerLengthMax));
}
