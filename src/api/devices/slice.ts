import { validateNodeTerm } from '../pods/scheduling.ts';
import type { Device, DeviceAttribute, ResourceSlice } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import {
  ErrorList,
  forbiddenValue,
  immutable,
  invalidValue,
  required,
  tooLong,
  tooMany,
} from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain, driverName } from '../validation/names.ts';
import { checkName, checkOptionalName, checkUnique } from '../validation/values.ts';
import { attributeName } from './names.ts';

type Spec = NonNullable<ResourceSlice['spec']>;
type Place = Pick<Device, 'nodeName' | 'nodeSelector' | 'allNodes'>;

const devicesMax = 128;
const valueBytesMax = 64;

/** What a driver offers. Source: kubernetes/kubernetes pkg/apis/resource/validation/validation.go, ValidateResourceSlice. */
export function validateSlice(spec: Spec | undefined, old: Spec | undefined): FieldError[] {
  const errors = new ErrorList();
  const { driver, pool, devices, sharedCounters, perDeviceNodeSelection, nodeName } = spec ?? {};
  checkName(driver, driverName, 'spec.driver', errors);
  checkName(pool?.name, poolName, 'spec.pool.name', errors);
  if ((pool?.resourceSliceCount ?? 0) <= 0)
    errors.push(
      invalidValue('spec.pool.resourceSliceCount', pool?.resourceSliceCount ?? 0, 'must be greater than zero'),
    );
  if ((pool?.generation ?? 0) < 0)
    errors.push(invalidValue('spec.pool.generation', pool?.generation, 'must be greater than or equal to zero'));
  const places = placesOf(spec ?? {}, 'spec', errors);
  if (perDeviceNodeSelection === false) errors.push(invalidValue('spec.perDeviceNodeSelection', false, setOrTrue));
  if (perDeviceNodeSelection) places.push('perDeviceNodeSelection');
  checkOnePlace(places, 'spec', '`nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection`', errors);
  if (sharedCounters && devices)
    errors.push(invalidValue('spec', '', 'only one of `sharedCounters` or `devices` is allowed'));
  if ((devices?.length ?? 0) > devicesMax) errors.push(tooMany('spec.devices', devices!.length, devicesMax));
  else validateDeviceList(devices ?? [], perDeviceNodeSelection === true, errors);
  if (!old) return errors;
  if (pool?.name !== old.pool?.name) errors.push(immutable('spec.pool.name', pool?.name ?? ''));
  if (driver !== old.driver) errors.push(immutable('spec.driver', driver ?? ''));
  if (nodeName !== old.nodeName) errors.push(immutable('spec.nodeName', nodeName ?? null));
  return errors;
}

const poolName = (name: string): string | undefined =>
  name
    .split('/')
    .map(dnsSubdomain)
    .find((wrong) => wrong !== undefined);

const setOrTrue = 'must be either unset or set to true';

/** The fields that say from where devices can be reached. */
function placesOf({ nodeName, nodeSelector, allNodes }: Place, at: string, errors: FieldError[]): string[] {
  const places: string[] = [];
  if (nodeName !== undefined) {
    if (nodeName !== '') places.push('nodeName');
    checkOptionalName(nodeName, dnsSubdomain, `${at}.nodeName`, errors);
  }
  if (nodeSelector) {
    places.push('nodeSelector');
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1)
      errors.push(
        invalidValue(`${at}.nodeSelector.nodeSelectorTerms`, terms.length, 'must have exactly one node selector term'),
      );
    else validateNodeTerm(terms[0]!, `${at}.nodeSelector.nodeSelectorTerms[0]`, errors);
  }
  if (allNodes === false) errors.push(invalidValue(`${at}.allNodes`, false, setOrTrue));
  if (allNodes) places.push('allNodes');
  return places;
}

function checkOnePlace(places: string[], at: string, allowed: string, errors: FieldError[]): void {
  const rule = `exactly one of ${allowed} is required`;
  if (places.length === 0) errors.push(required(at, rule));
  if (places.length > 1) errors.push(invalidValue(at, places.join(', '), `${rule}, but multiple fields are set`));
}

function validateDeviceList(devices: Device[], hasOwnPlaces: boolean, errors: FieldError[]): void {
  checkUnique(
    devices.map(({ name }) => name),
    (index) => `spec.devices[${index}]`,
    errors,
  );
  devices.forEach((device, index) => {
    const at = `spec.devices[${index}]`;
    const { name, attributes = {}, capacity = {}, bindingConditions, bindingFailureConditions } = device;
    checkOptionalName(name ?? '', dnsLabel, `${at}.name`, errors);
    for (const [key, attribute] of Object.entries(attributes)) {
      checkOptionalName(key, attributeName, `${at}.attributes`, errors);
      validateAttribute(attribute, `${at}.attributes[${key}]`, errors);
    }
    for (const [key, { requestPolicy }] of Object.entries(capacity)) {
      checkOptionalName(key, attributeName, `${at}.capacity`, errors);
      if (requestPolicy && !device.allowMultipleAllocations)
        errors.push(forbiddenValue(`${at}.capacity[${key}].requestPolicy`, 'allowMultipleAllocations must be true'));
    }
    if (bindingConditions?.length && !bindingFailureConditions?.length)
      errors.push(
        required(`${at}.bindingFailureConditions`, 'bindingFailureConditions are required to use bindingConditions'),
      );
    if (bindingFailureConditions?.length && !bindingConditions?.length)
      errors.push(
        required(`${at}.bindingConditions`, 'bindingConditions are required to use bindingFailureConditions'),
      );
    const { nodeName, nodeSelector, allNodes } = device;
    const isPlaced = nodeName !== undefined || nodeSelector !== undefined || allNodes !== undefined;
    if (hasOwnPlaces)
      checkOnePlace(placesOf(device, at, errors), at, '`nodeName`, `nodeSelector`, or `allNodes`', errors);
    else if (isPlaced)
      errors.push(
        invalidValue(
          at,
          null,
          '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
        ),
      );
  });
}

function validateAttribute(attribute: DeviceAttribute, at: string, errors: FieldError[]): void {
  // Lists are behind a switch that is off: beside a single value they do not count.
  const isSingle = (name: string) => ['bool', 'int', 'string', 'version'].includes(name);
  const names = Object.keys(attribute);
  if (names.length === 0 || names.filter(isSingle).length > 1)
    errors.push(invalidValue(at, names.join(', '), 'exactly one value must be specified'));
  const { string, version } = attribute;
  if (string !== undefined && Buffer.byteLength(string) > valueBytesMax)
    errors.push(tooLong(`${at}.string`, valueBytesMax));
  if (version !== undefined && !versionPattern.test(version))
    errors.push(invalidValue(`${at}.version`, version, 'must be a string compatible with semver.org spec 2.0.0'));
}

const versionPattern = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
