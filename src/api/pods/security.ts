import type { PodSecurityContext, SeccompProfile, SecurityContext } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, invalidValue, required } from '../validation/errors.ts';
import { checkEnum, checkOptionalEnum } from '../validation/values.ts';
import { checkPathInside } from './mounts.ts';
import type { PodContext } from './validate.ts';

const idMax = 2 ** 31 - 1;
const procMounts = enumOf(['Default', 'Unmasked'], 'core.v1.SecurityContext.procMount');

function checkId(id: number | undefined, field: string, errors: FieldError[]): void {
  if (id !== undefined && (id < 0 || id > idMax))
    errors.push(invalidValue(field, id, `must be between 0 and ${idMax}, inclusive`));
}

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateSecurityContext. */
export function validateContainerSecurity(
  security: SecurityContext,
  field: string,
  { errors, hostUsers }: PodContext,
): void {
  checkId(security.runAsUser, `${field}.runAsUser`, errors);
  checkId(security.runAsGroup, `${field}.runAsGroup`, errors);
  checkOptionalEnum(security.procMount, procMounts, `${field}.procMount`, errors);
  if (hostUsers && security.procMount === 'Unmasked')
    errors.push(invalidValue(`${field}.procMount`, 'Unmasked', '`hostUsers` must be false to use `Unmasked`'));
  validateProfiles(security, field, errors);
  if (security.allowPrivilegeEscalation !== false) return;
  if (security.privileged)
    errors.push(
      invalidValue(field, security, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'),
    );
  if (security.capabilities?.add?.some((name) => name === 'SYS_ADMIN' || name === 'CAP_SYS_ADMIN'))
    errors.push(
      invalidValue(
        field,
        security,
        'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
      ),
    );
}

const ownership = enumOf(['Always', 'OnRootMismatch'], 'core.v1.PodSecurityContext.fsGroupChangePolicy');
const groupPolicies = enumOf(['Merge', 'Strict'], 'core.v1.PodSecurityContext.supplementalGroupsPolicy');
const labelPolicies = enumOf(['MountOption', 'Recursive'], 'core.v1.PodSecurityContext.seLinuxChangePolicy');

export function validatePodSecurity(security: PodSecurityContext, field: string, errors: FieldError[]): void {
  for (const name of ['runAsUser', 'runAsGroup', 'fsGroup'] as const)
    checkId(security[name], `${field}.${name}`, errors);
  security.supplementalGroups?.forEach((group, index) => {
    checkId(group, `${field}.supplementalGroups[${index}]`, errors);
  });
  checkOptionalEnum(security.fsGroupChangePolicy, ownership, `${field}.fsGroupChangePolicy`, errors);
  checkOptionalEnum(security.supplementalGroupsPolicy, groupPolicies, `${field}.supplementalGroupsPolicy`, errors);
  if (security.seLinuxChangePolicy !== undefined)
    checkEnum(security.seLinuxChangePolicy, labelPolicies, `${field}.seLinuxChangePolicy`, errors);
  validateProfiles(security, field, errors);
  if (security.sysctls) validateSysctls(security.sysctls, `${field}.sysctls`, errors);
}

type Sysctls = NonNullable<PodSecurityContext['sysctls']>;

function validateSysctls(sysctls: Sysctls, field: string, errors: FieldError[]): void {
  const names = new Set<string>();
  sysctls.forEach(({ name }, index) => {
    const at = `${field}[${index}].name`;
    if (!name) errors.push(required(at));
    else if (name.length > 253 || !/^[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/.test(name))
      errors.push(invalidValue(at, name, 'must have at most 253 characters and match regex of a sysctl name'));
    else if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name ?? '');
  });
}

type Profiled = Pick<SecurityContext, 'seccompProfile' | 'appArmorProfile'>;

function validateProfiles({ seccompProfile, appArmorProfile }: Profiled, field: string, errors: FieldError[]): void {
  if (seccompProfile) {
    validateProfile(seccompProfile, 'seccomp', `${field}.seccompProfile`, errors);
    checkPathInside(seccompProfile.localhostProfile, `${field}.seccompProfile.localhostProfile`, errors);
  }
  if (appArmorProfile) validateProfile(appArmorProfile, 'AppArmor', `${field}.appArmorProfile`, errors);
}

const profileTypes = enumOf(
  ['Localhost', 'RuntimeDefault', 'Unconfined'],
  'core.v1.AppArmorProfile.type',
  'core.v1.SeccompProfile.type',
);

function validateProfile(
  { type, localhostProfile }: SeccompProfile,
  what: 'seccomp' | 'AppArmor',
  field: string,
  errors: FieldError[],
): void {
  checkEnum(type, profileTypes, `${field}.type`, errors);
  if (type === 'Localhost' && !localhostProfile)
    errors.push(required(`${field}.localhostProfile`, `must be set when ${what} type is Localhost`));
  if (type !== 'Localhost' && localhostProfile !== undefined)
    errors.push(
      invalidValue(`${field}.localhostProfile`, localhostProfile, `can only be set when ${what} type is Localhost`),
    );
}
