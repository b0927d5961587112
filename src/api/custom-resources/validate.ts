import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
} from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, immutable, invalidValue, required } from '../validation/errors.ts';
import { dns1035Label, dnsSubdomain, type NameCheck } from '../validation/names.ts';
import { checkEnum, checkName, checkOptionalName, checkUnique } from '../validation/values.ts';
import { validateWebhookService, validateWebhookUrl } from '../validation/webhook-client.ts';
import { validateRootSchema } from './schema.ts';
import { validateSelectableFields } from './selectable-fields.ts';

const scopes = enumOf(['Cluster', 'Namespaced'], 'apiextensions.v1.CustomResourceDefinitionSpec.scope');
const strategies = enumOf(['None', 'Webhook'], 'apiextensions.v1.CustomResourceConversion.strategy');

/** Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go. */
export function validateDefinition(
  { metadata, spec, status }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const errors = new ErrorList();
  const { group, names, scope, versions = [], conversion, preserveUnknownFields } = spec ?? {};
  checkName(group, dnsSubdomain, 'spec.group', errors);
  if (group && !group.includes('.'))
    errors.push(invalidValue('spec.group', group, 'should be a domain with at least one dot'));
  validateNames(names, 'spec.names', errors);
  if (metadata.name !== `${names?.plural}.${group}`)
    errors.push(invalidValue('metadata.name', metadata.name, 'must be spec.names.plural+"."+spec.group'));
  checkEnum(scope, scopes, 'spec.scope', errors);
  if (preserveUnknownFields)
    errors.push(
      invalidValue(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  if (conversion) validateConversion(conversion, 'spec.conversion', errors);
  if (versions.length === 0) errors.push(required('spec.versions', 'must have at least one version'));
  versions.forEach((version, index) => {
    validateVersion(version, `spec.versions[${index}]`, errors);
  });
  const versionNames = versions.map(({ name }) => name);
  const known = new Set(versionNames);
  if (known.size < versionNames.length)
    errors.push(invalidValue('spec.versions', versionNames, 'must contain unique version names'));
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.push(invalidValue('spec.versions', versionNames, 'must have exactly one version marked as storage version'));
  status?.storedVersions?.forEach((version, index) => {
    if (!known.has(version))
      errors.push(invalidValue(`status.storedVersions[${index}]`, version, 'missing from spec.versions'));
  });
  if (old?.spec) checkFixed(spec, old.spec, errors);
  return errors;
}

type Spec = CustomResourceDefinition['spec'];

function checkFixed(spec: Spec, old: NonNullable<Spec>, errors: FieldError[]): void {
  const fixed = (value: Spec) => ({
    'spec.group': value?.group,
    'spec.scope': value?.scope,
    'spec.names.plural': value?.names?.plural,
    'spec.names.kind': value?.names?.kind,
  });
  const before = fixed(old);
  for (const [field, after] of Object.entries(fixed(spec)))
    if (before[field as keyof typeof before] !== after) errors.push(immutable(field, after));
}

const anyCase: NameCheck = (name) => {
  const wrong = dns1035Label(name.toLowerCase());
  return wrong && `may have mixed case, but should otherwise match: ${wrong}`;
};

function validateNames(names: CustomResourceDefinitionNames | undefined, field: string, errors: FieldError[]): void {
  const { plural, singular, kind, listKind, shortNames = [], categories = [] } = names ?? {};
  checkName(plural, dns1035Label, `${field}.plural`, errors);
  checkName(singular, dns1035Label, `${field}.singular`, errors);
  checkName(kind, anyCase, `${field}.kind`, errors);
  checkName(listKind, anyCase, `${field}.listKind`, errors);
  for (const [list, labels] of Object.entries({ shortNames, categories }))
    labels.forEach((label, index) => {
      checkOptionalName(label, dns1035Label, `${field}.${list}[${index}]`, errors);
    });
  if (kind && kind === listKind)
    errors.push(invalidValue(`${field}.listKind`, listKind, 'kind and listKind may not be the same'));
}

function validateConversion(conversion: CustomResourceConversion, field: string, errors: FieldError[]): void {
  const { strategy, webhook } = conversion;
  checkEnum(strategy, strategies, `${field}.strategy`, errors);
  if (strategy !== 'Webhook') {
    if (webhook)
      errors.push(forbiddenValue(`${field}.webhook`, 'should not be set when strategy is not set to Webhook'));
    return;
  }
  const { clientConfig, conversionReviewVersions: versions = [] } = webhook ?? {};
  const at = `${field}.webhook`;
  if (!clientConfig) errors.push(required(`${at}.clientConfig`, 'required when strategy is set to Webhook'));
  else if ((clientConfig.url === undefined) === (clientConfig.service === undefined))
    errors.push(required(`${at}.clientConfig`, 'exactly one of url or service is required'));
  else if (clientConfig.url !== undefined) validateWebhookUrl(clientConfig.url, `${at}.clientConfig.url`, errors);
  else validateWebhookService(clientConfig.service!, `${at}.clientConfig.service`, errors);
  const list = `${at}.conversionReviewVersions`;
  if (versions.length === 0) errors.push(required(list));
  else if (!versions.some((version) => version === 'v1' || version === 'v1beta1'))
    errors.push(invalidValue(list, versions, 'must include at least one of v1, v1beta1'));
  versions.forEach((version, index) => {
    checkOptionalName(version, dns1035Label, `${list}[${index}]`, errors);
  });
  checkUnique(versions, (index) => `${list}[${index}]`, errors);
}

function validateVersion(version: CustomResourceDefinitionVersion, at: string, errors: FieldError[]): void {
  const { name, schema, additionalPrinterColumns = [], subresources, selectableFields = [] } = version;
  checkName(name, dns1035Label, `${at}.name`, errors);
  checkDeprecation(version, `${at}.deprecationWarning`, errors);
  const root = schema?.openAPIV3Schema;
  if (!root) errors.push(required(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
  else validateRootSchema(root, subresources?.status !== undefined, `${at}.schema.openAPIV3Schema`, errors);
  additionalPrinterColumns.forEach((column, index) => {
    validateColumn(column, `${at}.additionalPrinterColumns[${index}]`, errors);
  });
  if (subresources?.scale) validateScale(subresources.scale, `${at}.subresources.scale`, errors);
  validateSelectableFields(selectableFields, root, `${at}.selectableFields`, errors);
}

function checkDeprecation(version: CustomResourceDefinitionVersion, field: string, errors: FieldError[]): void {
  const { deprecated, deprecationWarning: warning } = version;
  if (warning === undefined) return;
  if (!deprecated) errors.push(invalidValue(field, warning, 'can only be set for deprecated versions'));
  if (warning === '') errors.push(invalidValue(field, warning, 'must not be an empty string'));
  if (Buffer.byteLength(warning) > 256) errors.push(invalidValue(field, warning, 'must be <= 256 characters long'));
  if (/\p{C}/u.test(warning)) errors.push(invalidValue(field, warning, 'must only contain printable UTF-8 characters'));
}

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function validateColumn(column: CustomResourceColumnDefinition, at: string, errors: FieldError[]): void {
  if (!column.name) errors.push(required(`${at}.name`));
  if (!column.type) errors.push(required(`${at}.type`, `must be one of ${columnTypes.join(',')}`));
  else if (!columnTypes.includes(column.type))
    errors.push(invalidValue(`${at}.type`, column.type, `must be one of ${columnTypes.join(',')}`));
  if (column.format && !columnFormats.includes(column.format))
    errors.push(invalidValue(`${at}.format`, column.format, `must be one of ${columnFormats.join(',')}`));
  checkPath(column.jsonPath, [], `${at}.jsonPath`, errors);
}

function validateScale(scale: CustomResourceSubresourceScale, at: string, errors: FieldError[]): void {
  checkPath(scale.specReplicasPath, ['.spec'], `${at}.specReplicasPath`, errors);
  checkPath(scale.statusReplicasPath, ['.status'], `${at}.statusReplicasPath`, errors);
  if (scale.labelSelectorPath)
    checkPath(scale.labelSelectorPath, ['.spec', '.status'], `${at}.labelSelectorPath`, errors);
}

function checkPath(path: string | undefined, under: string[], field: string, errors: FieldError[]): void {
  if (!path) errors.push(required(field));
  else if (!path.startsWith('.')) errors.push(invalidValue(field, path, 'must be a simple json path starting with .'));
  else if (under.length > 0 && !under.some((parent) => path.startsWith(`${parent}.`)))
    errors.push(invalidValue(field, path, `should be a json path under ${under.join(' or ')}`));
}
