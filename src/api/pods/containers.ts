import type { Container } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, invalidValue, notSupported, required } from '../validation/errors.ts';
import { dnsLabel, portName } from '../validation/names.ts';
import { checkEnum, checkName, checkOptionalEnum, checkPort, checkUnique, protocols } from '../validation/values.ts';
import { validateEnvironment, validateEnvironmentSources } from './environment.ts';
import { validateDevices, validateMounts } from './mounts.ts';
import { validateHandler } from './probes.ts';
import { validateClaims, validateResources } from './resources.ts';
import { validateContainerSecurity } from './security.ts';
import type { PodContext } from './validate.ts';

export const pullPolicies = enumOf(
  ['Always', 'IfNotPresent', 'Never'],
  'core.v1.Container.imagePullPolicy',
  'core.v1.EphemeralContainer.imagePullPolicy',
  'core.v1.ImageVolumeSource.pullPolicy',
);
const messagePolicies = enumOf(
  ['File', 'FallbackToLogsOnError'],
  'core.v1.Container.terminationMessagePolicy',
  'core.v1.EphemeralContainer.terminationMessagePolicy',
);

/** Source of the rules: kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateContainers. */
export function validateContainer(container: Container, field: string, context: PodContext): void {
  const { errors } = context;
  const { name, image } = container;
  checkName(name, dnsLabel, `${field}.name`, errors);
  if (name && context.containerNames.has(name)) errors.push(duplicate(`${field}.name`, name));
  if (name) context.containerNames.add(name);
  if (!image) errors.push(required(`${field}.image`));
  else if (image !== image.trim())
    errors.push(invalidValue(`${field}.image`, image, 'must not have leading or trailing whitespace'));
  checkOptionalEnum(container.imagePullPolicy, pullPolicies, `${field}.imagePullPolicy`, errors);
  checkOptionalEnum(container.terminationMessagePolicy, messagePolicies, `${field}.terminationMessagePolicy`, errors);
  if (container.ports) validatePorts(container, field, context);
  if (container.env) validateEnvironment(container.env, `${field}.env`, errors);
  if (container.envFrom) validateEnvironmentSources(container, `${field}.envFrom`, errors);
  if (container.volumeMounts) validateMounts(container, field, context);
  if (container.volumeDevices) validateDevices(container, field, context);
  const { postStart, preStop } = container.lifecycle ?? {};
  if (postStart) validateHandler(postStart, `${field}.lifecycle.postStart`, errors);
  if (preStop) validateHandler(preStop, `${field}.lifecycle.preStop`, errors);
  if (container.resources) validateResources(container.resources, `${field}.resources`, errors);
  if (container.resources?.claims) validateClaims(container.resources.claims, `${field}.resources.claims`, context);
  if (container.resizePolicy) validateResizePolicy(container.resizePolicy, `${field}.resizePolicy`, errors);
  if (container.securityContext)
    validateContainerSecurity(container.securityContext, `${field}.securityContext`, context);
}

type ResizePolicy = NonNullable<Container['resizePolicy']>;
const resized = enumOf(['cpu', 'memory'], 'core.v1.ContainerResizePolicy.resourceName');
const resizeRestarts = enumOf(['NotRequired', 'RestartContainer'], 'core.v1.ContainerResizePolicy.restartPolicy');

function validateResizePolicy(policies: ResizePolicy, field: string, errors: FieldError[]): void {
  for (const { resourceName = '', restartPolicy = '' } of policies) {
    if (!resized.includes(resourceName)) errors.push(notSupported(field, resourceName, resized));
    if (!resizeRestarts.includes(restartPolicy)) errors.push(notSupported(field, restartPolicy, resizeRestarts));
  }
  checkUnique(
    policies.map(({ resourceName }) => resourceName),
    (index) => `${field}[${index}]`,
    errors,
  );
}

function validatePorts({ ports = [] }: Container, field: string, context: PodContext): void {
  const { errors, hostPorts, hostNetwork } = context;
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const at = `${field}.ports[${index}]`;
    if (port.name) {
      const wrong = portName(port.name);
      if (wrong) errors.push(invalidValue(`${at}.name`, port.name, wrong));
      else if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`));
    else checkPort(port.containerPort, `${at}.containerPort`, errors);
    checkEnum(port.protocol, protocols, `${at}.protocol`, errors);
    if (!port.hostPort) return;
    checkPort(port.hostPort, `${at}.hostPort`, errors);
    if (hostNetwork && port.hostPort !== port.containerPort)
      errors.push(
        invalidValue(`${at}.containerPort`, port.containerPort, 'must match `hostPort` when `hostNetwork` is true'),
      );
    const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
    if (hostPorts.has(key)) errors.push(duplicate(`${at}.hostPort`, key));
    hostPorts.add(key);
  });
}
