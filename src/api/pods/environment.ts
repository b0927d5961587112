import type { Container, EnvVar } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { invalidValue } from '../validation/errors.ts';
import { configMapKey, dnsSubdomain, environmentName } from '../validation/names.ts';
import { checkName } from '../validation/values.ts';
import { checkDownwardResource, checkFieldVersion, isDownwardPath } from './downward.ts';

/** A name that is one, and a plain value or none. */
const isPlain = ({ name, valueFrom }: EnvVar): boolean =>
  valueFrom === undefined && name !== undefined && environmentName(name) === undefined;

export function validateEnvironment(variables: EnvVar[], field: string, errors: FieldError[]): void {
  variables.forEach((variable, index) => {
    // Nearly all are: of those no path is made.
    if (isPlain(variable)) return;
    const at = `${field}[${index}]`;
    checkName(variable.name, environmentName, `${at}.name`, errors);
    const { valueFrom } = variable;
    if (!valueFrom) return;
    const sources = Object.keys(valueFrom);
    if (sources.length === 0)
      errors.push(
        invalidValue(
          `${at}.valueFrom`,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
        ),
      );
    if (variable.value)
      errors.push(invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    if (sources.length > 1)
      errors.push(invalidValue(`${at}.valueFrom`, '', 'may not have more than one field specified at a time'));
    const { fieldRef, resourceFieldRef } = valueFrom;
    checkFieldVersion(fieldRef, `${at}.valueFrom.fieldRef.fieldPath`, errors);
    if (fieldRef && !isDownwardPath(fieldRef.fieldPath ?? '', false))
      errors.push(
        invalidValue(
          `${at}.valueFrom.fieldRef.fieldPath`,
          fieldRef.fieldPath ?? '',
          `error converting fieldPath: field label not supported: ${fieldRef.fieldPath}`,
        ),
      );
    if (resourceFieldRef) checkDownwardResource(resourceFieldRef.resource, `${at}.valueFrom.resourceFieldRef`, errors);
    for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
      const reference = valueFrom[name];
      if (!reference) continue;
      checkName(reference.name, dnsSubdomain, `${at}.valueFrom.${name}.name`, errors);
      checkName(reference.key, configMapKey, `${at}.valueFrom.${name}.key`, errors);
    }
  });
}

export function validateEnvironmentSources({ envFrom = [] }: Container, field: string, errors: FieldError[]): void {
  envFrom.forEach((source, index) => {
    const at = `${field}[${index}]`;
    if (source.prefix && environmentName(source.prefix))
      errors.push(invalidValue(`${at}.prefix`, source.prefix, environmentName(source.prefix)!));
    const given = (['configMapRef', 'secretRef'] as const).filter((name) => source[name]);
    if (given.length === 0) errors.push(invalidValue(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (given.length > 1) errors.push(invalidValue(at, '', 'may not have more than one field specified at a time'));
    for (const name of given) checkName(source[name]?.name, dnsSubdomain, `${at}.${name}.name`, errors);
  });
}
