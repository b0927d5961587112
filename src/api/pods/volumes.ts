import type { Volume } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, forbiddenValue, invalidValue, required } from '../validation/errors.ts';
import { validateAnnotations, validateLabels } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, driverName } from '../validation/names.ts';
import { checkName, checkOptionalEnum, checkQuantity, checkRange } from '../validation/values.ts';
import { validateClaimSpec } from '../validation/volume-claims.ts';
import { pullPolicies } from './containers.ts';
import { checkDownwardResource, checkFieldVersion, isDownwardPath } from './downward.ts';
import { checkPathInside } from './mounts.ts';

const modeMax = 0o777;
const hostPathTypes = enumOf(
  ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
  'core.v1.HostPathVolumeSource.type',
);

/** Returns the names that containers may mount. Source: pkg/apis/core/validation/validation.go, ValidateVolumes. */
export function validateVolumes(volumes: Volume[], field: string, errors: FieldError[]): Set<string> {
  const names = new Set<string>();
  volumes.forEach((volume, index) => {
    const at = `${field}[${index}]`;
    checkName(volume.name, dnsLabel, `${at}.name`, errors);
    if (names.has(volume.name)) errors.push(duplicate(`${at}.name`, volume.name));
    names.add(volume.name);
    let sources = 0;
    for (const source in volume)
      if (source !== 'name' && ++sources > 1)
        errors.push(forbiddenValue(`${at}.${source}`, 'may not specify more than 1 volume type'));
    if (sources === 0) errors.push(required(at, 'must specify a volume type'));
    validateSource(volume, at, errors);
  });
  return names;
}

function validateSource(volume: Volume, field: string, errors: FieldError[]): void {
  const { emptyDir, hostPath, secret, configMap, downwardAPI, projected, persistentVolumeClaim, nfs, csi, image } =
    volume;
  if (emptyDir?.sizeLimit !== undefined) checkQuantity(emptyDir.sizeLimit, `${field}.emptyDir.sizeLimit`, errors);
  if (hostPath) validateHostPath(hostPath, `${field}.hostPath`, errors);
  if (secret) {
    if (!secret.secretName) errors.push(required(`${field}.secret.secretName`));
    validateItems(secret, `${field}.secret`, errors);
  }
  if (configMap) {
    if (!configMap.name) errors.push(required(`${field}.configMap.name`));
    validateItems(configMap, `${field}.configMap`, errors);
  }
  if (downwardAPI) {
    checkMode(downwardAPI.defaultMode, `${field}.downwardAPI.defaultMode`, errors);
    validateDownwardItems(downwardAPI.items, `${field}.downwardAPI.items`, errors);
  }
  if (projected) validateProjected(projected, `${field}.projected`, errors);
  if (persistentVolumeClaim && !persistentVolumeClaim.claimName)
    errors.push(required(`${field}.persistentVolumeClaim.claimName`));
  if (nfs) {
    if (!nfs.server) errors.push(required(`${field}.nfs.server`));
    if (!nfs.path?.startsWith('/'))
      errors.push(invalidValue(`${field}.nfs.path`, nfs.path ?? '', 'must be an absolute path'));
  }
  if (csi) {
    checkName(csi.driver, driverName, `${field}.csi.driver`, errors);
    const secret = csi.nodePublishSecretRef;
    if (secret && !secret.name) errors.push(required(`${field}.csi.nodePublishSecretRef.name`));
    else if (secret) checkName(secret.name, dnsSubdomain, `${field}.csi.name`, errors);
  }
  if (volume.iscsi) validateIscsi(volume.iscsi, `${field}.iscsi`, errors);
  if (image) {
    if (!image.reference) errors.push(required(`${field}.image.reference`));
    checkOptionalEnum(image.pullPolicy, pullPolicies, `${field}.image.pullPolicy`, errors);
  }
  if (!volume.ephemeral) return;
  const claim = volume.ephemeral.volumeClaimTemplate;
  if (claim) validateClaimTemplate(claim, `${field}.ephemeral.volumeClaimTemplate`, errors);
  else errors.push(required(`${field}.ephemeral.volumeClaimTemplate`));
}

type ClaimTemplate = NonNullable<NonNullable<Volume['ephemeral']>['volumeClaimTemplate']>;

/** The claim gets its name from the pod: a template says no more of metadata than labels and annotations. */
function validateClaimTemplate({ metadata = {}, spec }: ClaimTemplate, field: string, errors: FieldError[]): void {
  for (const name of Object.keys(metadata))
    if (name !== 'labels' && name !== 'annotations')
      errors.push(forbiddenValue(`${field}.metadata.${name === 'uid' ? 'uID' : name}`, 'cannot be set'));
  if (metadata.labels) validateLabels(metadata.labels, `${field}.metadata.labels`, errors);
  if (metadata.annotations) validateAnnotations(metadata.annotations, `${field}.metadata.annotations`, errors);
  validateClaimSpec(spec ?? {}, `${field}.spec`, errors);
}

type Iscsi = NonNullable<Volume['iscsi']>;
const iqnPattern =
  /^(iqn\.\d{4}-\d{2}\.[a-z0-9][-.a-z0-9]*[a-z0-9](:[^,;*&$|\s]+)?|eui\.[0-9A-Fa-f]{16}|naa\.[0-9A-Fa-f]{32})$/;

function validateIscsi({ targetPortal, iqn, lun = 0, ...more }: Iscsi, field: string, errors: FieldError[]): void {
  if (!targetPortal) errors.push(required(`${field}.targetPortal`));
  if (!iqn) errors.push(required(`${field}.iqn`));
  else if (!iqnPattern.test(iqn))
    errors.push(invalidValue(`${field}.iqn`, iqn, 'must be valid format starting with iqn, eui, or naa'));
  checkRange(lun, 0, 255, `${field}.lun`, errors);
  if ((more.chapAuthDiscovery || more.chapAuthSession) && !more.secretRef) errors.push(required(`${field}.secretRef`));
  if (more.initiatorName !== undefined && !iqnPattern.test(more.initiatorName))
    errors.push(
      invalidValue(`${field}.initiatorname`, more.initiatorName, 'must be valid format starting with iqn, eui, or naa'),
    );
}

export function validateHostPath(
  { path, type }: { path?: string; type?: string },
  field: string,
  errors: FieldError[],
): void {
  if (!path) errors.push(required(`${field}.path`));
  else if (path.split('/').includes('..')) errors.push(invalidValue(`${field}.path`, path, "must not contain '..'"));
  checkOptionalEnum(type, hostPathTypes, `${field}.type`, errors);
}

function checkMode(mode: number | undefined, field: string, errors: FieldError[]): void {
  if (mode !== undefined && (mode < 0 || mode > modeMax))
    errors.push(invalidValue(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive'));
}

type Items = { defaultMode?: number; items?: { key: string; path: string; mode?: number }[] };

function validateItems({ defaultMode, items = [] }: Items, field: string, errors: FieldError[]): void {
  checkMode(defaultMode, `${field}.defaultMode`, errors);
  items.forEach((item, index) => {
    const at = `${field}.items[${index}]`;
    // Upstream takes any key here: one that no map can have is only never found.
    if (!item.key) errors.push(required(`${at}.key`));
    checkItemPath(item.path, `${at}.path`, errors);
    checkMode(item.mode, `${at}.mode`, errors);
  });
}

/** The writer of these volumes keeps what starts with two dots for itself. */
function checkItemPath(path: string | undefined, field: string, errors: FieldError[]): void {
  if (!path) errors.push(required(field));
  checkPathInside(path, field, errors);
  if (path?.startsWith('..') && !path.startsWith('../'))
    errors.push(invalidValue(field, path, "must not start with '..'"));
}

type DownwardItems = NonNullable<NonNullable<Volume['downwardAPI']>['items']>;

function validateDownwardItems(items: DownwardItems = [], field: string, errors: FieldError[]): void {
  items.forEach((item, index) => {
    const at = `${field}[${index}]`;
    checkItemPath(item.path, `${at}.path`, errors);
    checkMode(item.mode, `${at}.mode`, errors);
    if (item.fieldRef && item.resourceFieldRef)
      errors.push(invalidValue(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    if (!item.fieldRef && !item.resourceFieldRef)
      errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'));
    checkFieldVersion(item.fieldRef, `${at}.fieldRef.fieldPath`, errors);
    if (item.fieldRef && !isDownwardPath(item.fieldRef.fieldPath ?? '', true))
      errors.push(
        invalidValue(
          `${at}.fieldRef.fieldPath`,
          item.fieldRef.fieldPath,
          `error converting fieldPath: field label not supported: ${item.fieldRef.fieldPath}`,
        ),
      );
    if (item.resourceFieldRef) {
      if (!item.resourceFieldRef.containerName) errors.push(required(`${at}.resourceFieldRef.containerName`));
      checkDownwardResource(item.resourceFieldRef.resource, `${at}.resourceFieldRef`, errors);
    }
  });
}

type Projected = NonNullable<Volume['projected']>;
type ProjectedSource = NonNullable<Projected['sources']>[number];

/** Each path that several sources write to is said once. */
function checkProjectedPaths(sources: ProjectedSource[], field: string, errors: FieldError[]): void {
  const seen = new Set<string>();
  const twice = new Set<string>();
  const take = ({ path }: { path: string }) => {
    (seen.has(path) ? twice : seen).add(path);
  };
  for (const { configMap, secret, downwardAPI, serviceAccountToken } of sources) {
    configMap?.items?.forEach(take);
    secret?.items?.forEach(take);
    downwardAPI?.items?.forEach(take);
    if (serviceAccountToken) take(serviceAccountToken);
  }
  for (const path of twice) errors.push(invalidValue(field, path, 'conflicting duplicate paths'));
}

const tokenSecondsMin = 600;
const tokenSecondsMax = 2 ** 32;

function validateProjected({ defaultMode, sources = [] }: Projected, field: string, errors: FieldError[]) {
  checkMode(defaultMode, `${field}.defaultMode`, errors);
  checkProjectedPaths(sources, field, errors);
  sources.forEach((source, index) => {
    const at = `${field}.sources[${index}]`;
    let given = 0;
    for (const name in source)
      if (++given > 1) errors.push(forbiddenValue(`${at}.${name}`, 'may not specify more than 1 volume type'));
    const { secret, configMap, downwardAPI, serviceAccountToken } = source;
    if (secret) {
      if (!secret.name) errors.push(required(`${at}.secret.name`));
      validateItems(secret, `${at}.secret`, errors);
    }
    if (configMap) {
      if (!configMap.name) errors.push(required(`${at}.configMap.name`));
      validateItems(configMap, `${at}.configMap`, errors);
    }
    if (downwardAPI) validateDownwardItems(downwardAPI.items, `${at}.downwardAPI.items`, errors);
    if (serviceAccountToken) {
      const { path, expirationSeconds } = serviceAccountToken;
      checkItemPath(path, `${at}.serviceAccountToken.path`, errors);
      const seconds = `${at}.serviceAccountToken.expirationSeconds`;
      checkRange(expirationSeconds, tokenSecondsMin, tokenSecondsMax, seconds, errors);
    }
  });
}
