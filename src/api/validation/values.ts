import { isIP, isIPv6 } from 'node:net';
import { compareQuantities, isQuantity } from '../../foundation/quantity.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from './enums.ts';
import { duplicate, invalidValue, notSupported, required } from './errors.ts';
import { type NameCheck, portName } from './names.ts';

/** Checks of single values that many kinds share. Each adds what is wrong to `errors`. */
export function checkEnum(
  value: string | undefined,
  allowed: readonly string[],
  field: string,
  errors: FieldError[],
): void {
  if (value === undefined || value === '') errors.push(required(field, `valid values: ${allowed.join(', ')}`));
  else if (!allowed.includes(value)) errors.push(notSupported(field, value, allowed));
}

/** As `checkEnum`, of a field that may be left out. */
export function checkOptionalEnum(
  value: string | undefined,
  allowed: readonly string[],
  field: string,
  errors: FieldError[],
): void {
  if (value !== undefined && !allowed.includes(value)) errors.push(notSupported(field, value, allowed));
}

export function checkName(name: string | undefined, check: NameCheck, field: string, errors: FieldError[]): void {
  if (!name) {
    errors.push(required(field));
    return;
  }
  const wrong = check(name);
  if (wrong) errors.push(invalidValue(field, name, wrong));
}

/** As `checkName`, of a field that may be left out; the empty text is no name either. */
export function checkOptionalName(
  name: string | undefined,
  check: NameCheck,
  field: string,
  errors: FieldError[],
): void {
  const wrong = name === undefined ? undefined : check(name);
  if (wrong) errors.push(invalidValue(field, name, wrong));
}

/** A value that came before it in the list is an error. */
export function checkUnique(values: unknown[], field: (index: number) => string, errors: FieldError[]): void {
  const seen = new Set<string>();
  values.forEach((value, index) => {
    const key = JSON.stringify(value) ?? '';
    if (seen.has(key)) errors.push(duplicate(field(index), value));
    seen.add(key);
  });
}

export function checkNotNegative(value: number | undefined, field: string, errors: FieldError[]): void {
  if (value !== undefined && value < 0) errors.push(invalidValue(field, value, 'must be greater than or equal to 0'));
}

/** As `checkNotNegative`, of several fields of one object at `field`. */
export function checkNoneNegative<Name extends string>(
  object: { [name in Name]?: number },
  names: readonly Name[],
  field: string,
  errors: FieldError[],
): void {
  for (const name of names) {
    const value = object[name];
    if (value !== undefined && value < 0) checkNotNegative(value, `${field}.${name}`, errors);
  }
}

export function checkPositive(value: number | undefined, field: string, errors: FieldError[]): void {
  if (value !== undefined && value <= 0) errors.push(invalidValue(field, value, 'must be greater than 0'));
}

export function checkRange(
  value: number | undefined,
  min: number,
  max: number,
  field: string,
  errors: FieldError[],
): void {
  if (value !== undefined && (value < min || value > max))
    errors.push(invalidValue(field, value, `must be between ${min} and ${max}, inclusive`));
}

/** Of every port there is. */
export const protocols = enumOf(
  ['SCTP', 'TCP', 'UDP'],
  'core.v1.ContainerPort.protocol',
  'core.v1.EndpointPort.protocol',
  'core.v1.ServicePort.protocol',
  'discovery.v1.EndpointPort.protocol',
  'networking.v1.NetworkPolicyPort.protocol',
);

/** Of pods, and of the classes that give them theirs. */
export const preemptionPolicies = enumOf(
  ['Never', 'PreemptLowerPriority'],
  'core.v1.PodSpec.preemptionPolicy',
  'scheduling.v1.PriorityClass.preemptionPolicy',
);

/** Of claims and of volumes. */
export const volumeModes = enumOf(
  ['Block', 'Filesystem'],
  'core.v1.PersistentVolumeClaimSpec.volumeMode',
  'core.v1.PersistentVolumeSpec.volumeMode',
);

const isPort = (port: unknown): boolean => typeof port === 'number' && port >= 1 && port <= 65535;

export function checkPort(port: number | undefined, field: string, errors: FieldError[]): void {
  if (!isPort(port ?? 0)) errors.push(invalidValue(field, port ?? 0, 'must be between 1 and 65535, inclusive'));
}

/** A number or the name of a container's port. */
export function checkPortReference(port: number | string | undefined, field: string, errors: FieldError[]): void {
  if (typeof port !== 'string') {
    checkPort(port, field, errors);
    return;
  }
  const wrong = portName(port);
  if (wrong) errors.push(invalidValue(field, port, wrong));
}

/** A number of pods or a share of them: `3`, `25%`. */
export function checkPodCount(value: number | string | undefined, field: string, errors: FieldError[]): void {
  if (value === undefined) return;
  if (typeof value === 'number') checkNotNegative(value, field, errors);
  else if (!/^[0-9]{1,6}%$/.test(value))
    errors.push(
      invalidValue(
        field,
        value,
        "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used " +
          "for validation is '[0-9]+%')",
      ),
    );
}

/** The share as a number, undefined when it is a plain count. */
export const percentOf = (value: number | string | undefined): number | undefined =>
  typeof value === 'string' && value.endsWith('%') ? Number(value.slice(0, -1)) : undefined;

export function checkAddress(address: string | undefined, field: string, errors: FieldError[]): void {
  // Zones mean something only on one machine.
  if (!address || isIP(address) === 0 || address.includes('%'))
    errors.push(invalidValue(field, address ?? '', 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'));
}

/** `10.0.0.0/8`: an address without leading zeros and a prefix length that fits its family. */
export function isCidr(text: string): boolean {
  const match = /^([^/%]{1,64})\/(\d|[1-9]\d{1,2})$/.exec(text);
  if (!match || isIP(match[1]!) === 0) return false;
  return Number(match[2]) <= (isIPv6(match[1]!) ? 128 : 32);
}

export function checkCidr(text: string | undefined, field: string, errors: FieldError[]): void {
  if (!text || !isCidr(text))
    errors.push(invalidValue(field, text ?? '', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'));
}

/** Of addresses or CIDRs: is there more than one of IPv4, or of IPv6? */
export function hasFamilyTwice(addresses: string[]): boolean {
  const sixth = addresses.filter((address) => address.includes(':')).length;
  return sixth > 1 || addresses.length - sixth > 1;
}

export function checkQuantity(value: unknown, field: string, errors: FieldError[]): void {
  if (!isQuantity(value)) errors.push(invalidValue(field, value, 'must be a quantity, such as 100m or 1Gi'));
  else if (compareQuantities(value, '0') < 0)
    errors.push(invalidValue(field, value, 'must be greater than or equal to 0'));
}

export function checkMoreThanZero(amount: unknown, field: string, errors: FieldError[]): void {
  if (!isQuantity(amount)) checkQuantity(amount, field, errors);
  else if (compareQuantities(amount, '0') <= 0) errors.push(invalidValue(field, amount, 'must be greater than zero'));
}

/** Deep equality of JSON values, without regard to the order of keys. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return isNothing(a) && isNothing(b);
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameValue(item, b[index]))
    );
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const own = (object: Record<string, unknown>, key: string) => (Object.hasOwn(object, key) ? object[key] : undefined);
  for (const key of Object.keys(left)) if (!sameValue(left[key], own(right, key))) return false;
  for (const key of Object.keys(right)) if (!Object.hasOwn(left, key) && !isNothing(right[key])) return false;
  return true;
}

/** What Go's types do not tell from an absent field. */
const isNothing = (value: unknown): boolean => value === undefined || value === null;
