import { compareQuantities, isQuantity, quantityMilli } from '../../foundation/quantity.ts';
import type { PodSpec, ResourceRequirements } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { duplicate, forbiddenValue, invalidValue, notFound, notSupported, required } from '../validation/errors.ts';
import { dnsLabel, qualifiedName } from '../validation/names.ts';
import { checkName, checkQuantity } from '../validation/values.ts';
import { containersTotal, isPodLevel } from './totals.ts';
import type { PodContext } from './validate.ts';

const standard = new Set(['cpu', 'memory', 'ephemeral-storage']);
const isHugePages = (name: string) => name.startsWith('hugepages-');
/** `example.com/gpu`: counted in whole, and never promised twice. */
const isExtended = (name: string) => name.includes('/') && !name.includes('kubernetes.io/');

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateContainerResourceRequirements. */
export function validateResources(resources: ResourceRequirements, field: string, errors: FieldError[]): void {
  const { limits = {}, requests = {} } = resources;
  let [hasHugePages, hasOthers] = [false, false];
  for (const name in limits) {
    validateAmount(name, limits[name]!, `${field}.limits`, errors);
    hasHugePages ||= isHugePages(name);
    hasOthers ||= name === 'cpu' || name === 'memory';
  }
  for (const name in requests) {
    hasHugePages ||= isHugePages(name);
    hasOthers ||= name === 'cpu' || name === 'memory';
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
  if (hasHugePages && !hasOthers) errors.push(forbiddenValue(field, 'HugePages require cpu or memory'));
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

/** Of a container: each is one of its pod's, and none is meant twice, as a whole or by one of its requests. */
export function validateClaims(claims: Claims, field: string, { errors, claims: known }: PodContext): void {
  const [whole, parts, named] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const [index, { name, request = '' }] of claims.entries()) {
    const at = `${field}[${index}]`;
    if (!name) {
      errors.push(required(at));
      continue;
    }
    const key = request ? `${name}/${request}` : name;
    if (request) checkName(request, dnsLabel, `${at}.request`, errors);
    if (whole.has(name) || (request ? parts.has(key) : named.has(name))) errors.push(duplicate(at, key));
    (request ? parts : whole).add(key);
    named.add(name);
    if (known.has(name)) continue;
    const names = known.size === 0 ? ' which is empty' : `: ${[...known].sort().join(', ').slice(0, 512)}`;
    errors.push(notFound(at, name, `must be one of the names in pod.spec.resourceClaims${names}`));
  }
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
  if (isHugePages(name) && !isDivisible(name, amount))
    errors.push(invalidValue(at, amount, `${amount} is not positive integer multiple of ${name}`));
}

/** `hugepages-2Mi` are given by 2 MiB. */
function isDivisible(name: string, amount: string): boolean {
  const size = quantityMilli(name.slice('hugepages-'.length));
  return size > 0 && size % 1000 === 0 && quantityMilli(amount) % size === 0;
}
