import type {
  DeviceClaim,
  DeviceConstraint,
  DeviceRequest,
  DeviceSelector,
  ExactDeviceRequest,
  OpaqueDeviceConfiguration,
} from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { invalidValue, required, tooLong, tooMany } from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain, driverName } from '../validation/names.ts';
import { checkName, checkOptionalEnum, checkOptionalName, checkPositive, checkUnique } from '../validation/values.ts';
import { qualifiedAttribute } from './names.ts';

const listMax = 32;
const alternativesMax = 8;
const bytesMax = 10 * 1024;

/** What a claim asks for. Source: kubernetes/kubernetes pkg/apis/resource/validation/validation.go, validateDeviceClaim. */
export function validateDevices(devices: DeviceClaim | undefined, at: string, errors: FieldError[]): void {
  const { requests = [], constraints = [], config = [] } = devices ?? {};
  for (const [name, list] of Object.entries({ requests, constraints, config }))
    if (list.length > listMax) errors.push(tooMany(`${at}.${name}`, list.length, listMax));
  if (requests.length > listMax || constraints.length > listMax || config.length > listMax) return;
  requests.forEach((request, index) => {
    validateRequest(request, `${at}.requests[${index}]`, errors);
  });
  checkUnique(
    requests.map(({ name }) => name),
    (index) => `${at}.requests[${index}].name`,
    errors,
  );
  const known = new Set(requests.flatMap(namesOf));
  constraints.forEach((constraint, index) => {
    validateConstraint(constraint, known, `${at}.constraints[${index}]`, errors);
  });
  config.forEach(({ requests: about, opaque }, index) => {
    validateReferences(about, known, `${at}.config[${index}].requests`, errors);
    validateOpaque(opaque, `${at}.config[${index}].opaque`, errors);
  });
}

/** By which a request is meant elsewhere in the claim: `gpu`, and `gpu/small` of its alternatives. */
const namesOf = ({ name, firstAvailable = [] }: DeviceRequest): string[] => [
  name,
  ...firstAvailable.map((alternative) => `${name}/${alternative.name}`),
];

function validateRequest(
  { name, exactly, firstAvailable = [] }: DeviceRequest,
  at: string,
  errors: FieldError[],
): void {
  checkOptionalName(name ?? '', dnsLabel, `${at}.name`, errors);
  if (!exactly && firstAvailable.length === 0)
    errors.push(required(at, 'exactly one of `exactly` or `firstAvailable` is required'));
  if (exactly && firstAvailable.length > 0)
    errors.push(
      invalidValue(at, null, 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set'),
    );
  else if (exactly) validateAsked(exactly, `${at}.exactly`, errors);
  if (firstAvailable.length > alternativesMax) {
    errors.push(tooMany(`${at}.firstAvailable`, firstAvailable.length, alternativesMax));
    return;
  }
  firstAvailable.forEach((alternative, index) => {
    checkOptionalName(alternative.name ?? '', dnsLabel, `${at}.firstAvailable[${index}].name`, errors);
    validateAsked(alternative, `${at}.firstAvailable[${index}]`, errors);
  });
  checkUnique(
    firstAvailable.map((alternative) => alternative.name),
    (index) => `${at}.firstAvailable[${index}].name`,
    errors,
  );
}

const allocationModes = enumOf(
  ['All', 'ExactCount'],
  'resource.v1.DeviceSubRequest.allocationMode',
  'resource.v1.ExactDeviceRequest.allocationMode',
);

function validateAsked(asked: ExactDeviceRequest, at: string, errors: FieldError[]): void {
  checkName(asked.deviceClassName, dnsSubdomain, `${at}.deviceClassName`, errors);
  validateSelectors(asked.selectors, `${at}.selectors`, errors);
  checkOptionalEnum(asked.allocationMode, allocationModes, `${at}.allocationMode`, errors);
  if (asked.allocationMode === 'ExactCount') checkPositive(asked.count ?? 0, `${at}.count`, errors);
  else if (asked.allocationMode === 'All' && asked.count)
    errors.push(invalidValue(`${at}.count`, asked.count, "must not be specified when allocationMode is 'All'"));
}

/** Which devices are meant, in expressions. */
export function validateSelectors(selectors: DeviceSelector[] = [], at: string, errors: FieldError[]): void {
  if (selectors.length > listMax) {
    errors.push(tooMany(at, selectors.length, listMax));
    return;
  }
  selectors.forEach(({ cel }, index) => {
    const field = `${at}[${index}].cel`;
    if (!cel) errors.push(required(field));
    else if (!cel.expression?.trim()) errors.push(required(`${field}.expression`));
    else if (cel.expression.length > bytesMax) errors.push(tooLong(`${field}.expression`, bytesMax));
  });
}

function validateConstraint(
  { requests, matchAttribute, distinctAttribute }: DeviceConstraint,
  known: Set<string>,
  at: string,
  errors: FieldError[],
): void {
  validateReferences(requests, known, `${at}.requests`, errors);
  if (matchAttribute !== undefined)
    checkOptionalName(matchAttribute, qualifiedAttribute, `${at}.matchAttribute`, errors);
  else if (distinctAttribute !== undefined)
    checkOptionalName(distinctAttribute, qualifiedAttribute, `${at}.distinctAttribute`, errors);
  else errors.push(required(at, 'exactly one of "matchAttribute" or "distinctAttribute" is required'));
}

function validateReferences(names: string[] = [], known: Set<string>, at: string, errors: FieldError[]): void {
  if (names.length > listMax) {
    errors.push(tooMany(at, names.length, listMax));
    return;
  }
  const rule = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
  names.forEach((name, index) => {
    if (!known.has(name)) errors.push(invalidValue(`${at}[${index}]`, name, rule));
  });
  checkUnique(names, (index) => `${at}[${index}]`, errors);
}

/** What only the driver reads. */
export function validateOpaque(opaque: OpaqueDeviceConfiguration | undefined, at: string, errors: FieldError[]): void {
  if (!opaque) {
    errors.push(required(at));
    return;
  }
  checkName(opaque.driver, driverName, `${at}.driver`, errors);
  const { parameters } = opaque;
  if (parameters === undefined || parameters === null) errors.push(required(`${at}.parameters`));
  else if (Buffer.byteLength(JSON.stringify(parameters)) > bytesMax) errors.push(tooLong(`${at}.parameters`, bytesMax));
}
