import { compareQuantities, isQuantity, quantityMilli } from '../../foundation/quantity.ts';
import type { PodSpec, ResourceRequirements } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { duplicate, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { qualifiedName } from '../validation/names.ts';
import { checkQuantity } from '../validation/values.ts';
import { containersTotal, isPodLevel } from './totals.ts';

const standard = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage']);
const isHugePages = (name: string) => name.startsWith('hugepages-');
/** `example.com/gpu`: counted in whole, and never promised twice. */
const isExtended = (name: string) => name.includes('/') && !name.includes('kubernetes.io/');

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateContainerResourceRequirements. */
export function validateResources(resources: ResourceRequirements, field: string, errors: FieldError[]): void {
  const { limits = {}, requests = {}, claims } = resources;
  for (const name in limits) validateAmount(name, limits[name]!, `${field}.limits`, errors);
  for (const name in requests) {
    const request = requests[name]!;
    validateAmount(name, request, `${field}.requests`, errors);
    const limit = limits[name];
    if (!isQuantity(request) || (limit !== undefined && !isQuantity(limit))) continue;
    const isWhole = isExtended(name) || isHugePages(name);
    if (limit === undefined) {
      if (isWhole) errors.push(required(`${field}.limits`, 'Limit must be set for non overcommitable resources'));
    } else if (isWhole && compareQuantities(request, limit) !== 0)
      errors.push(invalidValue(`${field}.requests`, request, `must be equal to ${name} limit of ${limit}`));
    else if (compareQuantities(request, limit) > 0)
      errors.push(
        invalidValue(`${field}.requests`, request, `must be less than or equal to ${name} limit of ${limit}`),
      );
  }
  if (claims) validateClaims(claims, `${field}.claims`, errors);
}

/** Of the pod as a whole: as much as its containers ask for together, and as each of them may have. */
export function validatePodResources(
  spec: PodSpec,
  resources: ResourceRequirements,
  field: string,
  errors: FieldError[],
) {
  const { requests = {}, limits = {}, claims } = resources;
  if (claims) errors.push(forbiddenValue(`${field}.claims`, 'claims may not be set for Resources at pod-level'));
  for (const [list, amounts] of Object.entries({ limits, requests }))
    for (const name of Object.keys(amounts))
      if (!isPodLevel(name) && (standard.has(name) || name.includes('/')))
        errors.push(notSupported(`${field}.${list}[${name}]`, name, ['cpu', 'hugepages-', 'memory']));
  validateResources({ requests, limits }, field, errors);
  for (const [name, asked] of Object.entries(containersTotal(spec, 'requests'))) {
    const request = requests[name];
    if (request !== undefined && compareQuantities(asked, request) > 0)
      errors.push(
        invalidValue(
          `${field}.requests[${name}]`,
          request,
          `must be greater than or equal to aggregate container requests of ${asked}`,
        ),
      );
  }
  spec.containers?.forEach((container, index) => {
    for (const [name, own] of Object.entries(container.resources?.limits ?? {})) {
      const limit = limits[name];
      if (limit !== undefined && compareQuantities(own, limit) > 0)
        errors.push(
          invalidValue(
            `${field}.containers[${index}][${name}].limits`,
            own,
            `must be less than or equal to pod limits of ${limit}`,
          ),
        );
    }
  });
}

type Claims = NonNullable<ResourceRequirements['claims']>;

function validateClaims(claims: Claims, field: string, errors: FieldError[]): void {
  const names = new Set<string>();
  claims.forEach(({ name, request = '' }, index) => {
    const key = `${name}/${request}`;
    if (!name) errors.push(required(`${field}[${index}].name`));
    else if (names.has(key)) errors.push(duplicate(`${field}[${index}]`, name));
    names.add(key);
  });
}

/** What a runtime needs for itself, beside the containers of its pod. */
export function validateOverhead(amounts: Record<string, string> | undefined, field: string, errors: FieldError[]) {
  for (const [name, amount] of Object.entries(amounts ?? {})) validateAmount(name, amount, `${field}.limits`, errors);
}

/** A name of a resource that is counted: one of `known`, or one with a domain. */
export function checkResourceName(name: string, known: Set<string>, field: string, errors: FieldError[]): void {
  const wrong = known.has(name) ? undefined : qualifiedName(name);
  if (wrong) errors.push(invalidValue(field, name, wrong));
  else if (!known.has(name) && !isHugePages(name) && !name.includes('/'))
    errors.push(invalidValue(field, name, 'must be a standard resource type or fully qualified'));
}

function validateAmount(name: string, amount: string, field: string, errors: FieldError[]): void {
  const at = `${field}[${name}]`;
  checkResourceName(name, standard, at, errors);
  checkQuantity(amount, at, errors);
  if (isExtended(name) && quantityMilli(amount) % 1000 !== 0)
    errors.push(invalidValue(at, amount, 'must be an integer'));
}
