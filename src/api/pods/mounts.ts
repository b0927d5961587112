import type { Container, VolumeMount } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { forbiddenValue, invalidValue, notFound, required } from '../validation/errors.ts';
import { checkEnum, checkOptionalEnum } from '../validation/values.ts';
import type { PodContext } from './validate.ts';

/** Relative, and never up: a volume's content must stay inside it. */
export function checkPathInside(path: string | undefined, field: string, errors: FieldError[]): void {
  if (!path) return;
  if (path.startsWith('/')) errors.push(invalidValue(field, path, 'must be a relative path'));
  if (path.split('/').includes('..')) errors.push(invalidValue(field, path, "must not contain '..'"));
}

const propagations = enumOf(['Bidirectional', 'HostToContainer', 'None'], 'core.v1.VolumeMount.mountPropagation');
const recursions = enumOf(['Disabled', 'Enabled', 'IfPossible'], 'core.v1.VolumeMount.recursiveReadOnly');

export function validateMounts(
  { volumeMounts = [], volumeDevices, securityContext }: Container,
  field: string,
  context: PodContext,
): void {
  const { errors, volumes } = context;
  const paths = new Set<string>();
  const devices = volumeDevices && new Set(volumeDevices.map(({ devicePath }) => devicePath));
  volumeMounts.forEach((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`;
    if (!mount.name) errors.push(required(`${at}.name`));
    else if (!volumes.has(mount.name)) errors.push(notFound(`${at}.name`, mount.name));
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`));
    else if (paths.has(mount.mountPath))
      errors.push(invalidValue(`${at}.mountPath`, mount.mountPath, 'must be unique'));
    else if (devices?.has(mount.mountPath))
      errors.push(
        invalidValue(`${at}.mountPath`, mount.mountPath, 'must not already exist as a path in volumeDevices'),
      );
    paths.add(mount.mountPath);
    checkPathInside(mount.subPath, `${at}.subPath`, errors);
    checkPathInside(mount.subPathExpr, `${at}.subPathExpr`, errors);
    if (mount.subPath && mount.subPathExpr)
      errors.push(
        invalidValue(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
      );
    checkOptionalEnum(mount.mountPropagation, propagations, `${at}.mountPropagation`, errors);
    if (mount.mountPropagation === 'Bidirectional' && !securityContext?.privileged)
      errors.push(
        forbiddenValue(
          `${at}.mountPropagation`,
          'Bidirectional mount propagation is available only to privileged containers',
        ),
      );
    // Upstream names no index here.
    validateRecursion(mount, `${field}.volumeMounts.recursiveReadOnly`, errors);
  });
}

function validateRecursion(
  { readOnly, recursiveReadOnly = 'Disabled', mountPropagation = 'None' }: VolumeMount,
  field: string,
  errors: FieldError[],
): void {
  checkEnum(recursiveReadOnly, recursions, field, errors);
  if (recursiveReadOnly === 'Disabled') return;
  const only = (when: string) => errors.push(forbiddenValue(field, `may only be specified when ${when}`));
  if (!readOnly) only('readOnly is true');
  if (mountPropagation !== 'None') only('mountPropagation is None or not specified');
}

export function validateDevices(
  { volumeDevices = [] }: Container,
  field: string,
  { errors, volumes }: PodContext,
): void {
  const paths = new Set<string>();
  volumeDevices.forEach(({ name, devicePath }, index) => {
    const at = `${field}.volumeDevices[${index}]`;
    if (!name) errors.push(required(`${at}.name`));
    else if (!volumes.has(name)) errors.push(notFound(`${at}.name`, name));
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    else if (devicePath.split('/').includes('..'))
      errors.push(invalidValue(`${at}.devicePath`, devicePath, 'can not contain backsteps (..)'));
    else if (paths.has(devicePath)) errors.push(invalidValue(`${at}.devicePath`, devicePath, 'must be unique'));
    paths.add(devicePath);
  });
}
