import type { Container, EnvVar, Probe } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { duplicate, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { configMapKey, dnsLabel, dnsSubdomain, environmentName, portName } from '../validation/names.ts';
import {
  checkEnum,
  checkName,
  checkNoneNegative,
  checkNotNegative,
  checkOptionalEnum,
  checkPort,
  checkPositive,
  checkUnique,
} from '../validation/values.ts';
import { validateResources } from './resources.ts';
import { validateContainerSecurity } from './security.ts';
import type { PodContext } from './validate.ts';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];

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
  if (container.resizePolicy) validateResizePolicy(container.resizePolicy, `${field}.resizePolicy`, errors);
  if (container.securityContext)
    validateContainerSecurity(container.securityContext, `${field}.securityContext`, context);
}

type ResizePolicy = NonNullable<Container['resizePolicy']>;

function validateResizePolicy(policies: ResizePolicy, field: string, errors: FieldError[]): void {
  for (const { resourceName = '', restartPolicy = '' } of policies) {
    if (!['cpu', 'memory'].includes(resourceName)) errors.push(notSupported(field, resourceName, ['cpu', 'memory']));
    const restarts = ['NotRequired', 'RestartContainer'];
    if (!restarts.includes(restartPolicy)) errors.push(notSupported(field, restartPolicy, restarts));
  }
  checkUnique(
    policies.map(({ resourceName }) => resourceName),
    (index) => `${field}[${index}]`,
    errors,
  );
}

const probeNames = ['livenessProbe', 'startupProbe', 'readinessProbe'] as const;

/** What only containers with a life of their own may have: all but initContainers that run to completion. */
export function validateProbes(container: Container, field: string, errors: FieldError[]): void {
  for (const name of probeNames) {
    const probe = container[name];
    if (!probe) continue;
    const at = `${field}.${name}`;
    const mustSucceedOnce = name !== 'readinessProbe';
    validateProbe(probe, at, errors);
    if (mustSucceedOnce && probe.successThreshold !== undefined && probe.successThreshold !== 1)
      errors.push(invalidValue(`${at}.successThreshold`, probe.successThreshold, 'must be 1'));
    if (!mustSucceedOnce && probe.terminationGracePeriodSeconds !== undefined)
      errors.push(
        invalidValue(
          `${at}.terminationGracePeriodSeconds`,
          probe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      );
  }
}

const probeNumbers = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function validateProbe(probe: Probe, field: string, errors: FieldError[]): void {
  validateHandler(probe, field, errors);
  checkNoneNegative(probe, probeNumbers, field, errors);
  checkPositive(probe.terminationGracePeriodSeconds, `${field}.terminationGracePeriodSeconds`, errors);
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & { sleep?: { seconds: number } };
const handlerNames = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const;
const schemes = ['HTTP', 'HTTPS'];

function validateHandler(handler: Handler, field: string, errors: FieldError[]): void {
  let given = 0;
  for (const name of handlerNames)
    if (handler[name] !== undefined && ++given > 1)
      errors.push(forbiddenValue(`${field}.${name}`, 'may not specify more than 1 handler type'));
  if (given === 0) errors.push(required(field, 'must specify a handler type'));
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec && !exec.command?.length) errors.push(required(`${field}.exec.command`));
  if (httpGet) {
    if (!httpGet.path) errors.push(required(`${field}.httpGet.path`));
    checkPortReference(httpGet.port, `${field}.httpGet.port`, errors);
    checkOptionalEnum(httpGet.scheme, schemes, `${field}.httpGet.scheme`, errors);
    httpGet.httpHeaders?.forEach((header, index) => {
      if (!/^[-A-Za-z0-9]+$/.test(header.name ?? ''))
        errors.push(
          invalidValue(
            `${field}.httpGet.httpHeaders[${index}].name`,
            header.name,
            "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for " +
              "validation is '[-A-Za-z0-9]+')",
          ),
        );
    });
  }
  if (tcpSocket) checkPortReference(tcpSocket.port, `${field}.tcpSocket.port`, errors);
  if (grpc) checkPort(grpc.port, `${field}.grpc.port`, errors);
  if (sleep) checkNotNegative(sleep.seconds, `${field}.sleep.seconds`, errors);
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

const protocols = ['SCTP', 'TCP', 'UDP'];

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

const downwardFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const downwardResources = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[A-Za-z0-9]{1,20})$/;

/** `metadata.labels['key']`: one label or annotation; as a whole only in volumes. */
export const isDownwardPath = (path: string, inVolume: boolean): boolean => {
  if (/^metadata\.(labels|annotations)\['[^']{1,320}'\]$/.test(path)) return true;
  if (inVolume)
    return ['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations'].includes(
      path,
    );
  return downwardFields.includes(path);
};
const isDownwardResource = (resource: string): boolean => downwardResources.test(resource);

/** A name that is one, and a plain value or none. */
const isPlain = ({ name, valueFrom }: EnvVar): boolean =>
  valueFrom === undefined && name !== undefined && environmentName(name) === undefined;

function validateEnvironment(variables: EnvVar[], field: string, errors: FieldError[]): void {
  variables.forEach((variable, index) => {
    // Nearly all are: of those no path is made.
    if (isPlain(variable)) return;
    const at = `${field}[${index}]`;
    checkName(variable.name, environmentName, `${at}.name`, errors);
    const { valueFrom } = variable;
    if (!valueFrom) return;
    const sources = Object.keys(valueFrom);
    if (sources.length === 0)
      errors.push(
        invalidValue(
          `${at}.valueFrom`,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
        ),
      );
    if (variable.value)
      errors.push(invalidValue(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    if (sources.length > 1)
      errors.push(invalidValue(`${at}.valueFrom`, '', 'may not have more than one field specified at a time'));
    const { fieldRef, resourceFieldRef } = valueFrom;
    checkFieldVersion(fieldRef, `${at}.valueFrom.fieldRef.fieldPath`, errors);
    if (fieldRef && !isDownwardPath(fieldRef.fieldPath ?? '', false))
      errors.push(
        invalidValue(
          `${at}.valueFrom.fieldRef.fieldPath`,
          fieldRef.fieldPath ?? '',
          `error converting fieldPath: field label not supported: ${fieldRef.fieldPath}`,
        ),
      );
    if (resourceFieldRef) checkDownwardResource(resourceFieldRef.resource, `${at}.valueFrom.resourceFieldRef`, errors);
    for (const name of ['configMapKeyRef', 'secretKeyRef'] as const) {
      const reference = valueFrom[name];
      if (!reference) continue;
      checkName(reference.name, dnsSubdomain, `${at}.valueFrom.${name}.name`, errors);
      checkName(reference.key, configMapKey, `${at}.valueFrom.${name}.key`, errors);
    }
  });
}

/** There is one version of pods; paths of another cannot be read. */
export function checkFieldVersion(
  reference: { apiVersion?: string; fieldPath?: string } | undefined,
  field: string,
  errors: FieldError[],
): void {
  const { apiVersion = 'v1', fieldPath = '' } = reference ?? {};
  if (apiVersion !== 'v1')
    errors.push(invalidValue(field, fieldPath, `error converting fieldPath: unsupported pod version: ${apiVersion}`));
}

export function checkDownwardResource(resource: string | undefined, field: string, errors: FieldError[]): void {
  if (!resource) errors.push(required(`${field}.resource`));
  else if (!isDownwardResource(resource))
    errors.push(
      invalidValue(`${field}.resource`, resource, 'must be a cpu, memory, ephemeral-storage or hugepages value'),
    );
}

function validateEnvironmentSources({ envFrom = [] }: Container, field: string, errors: FieldError[]): void {
  envFrom.forEach((source, index) => {
    const at = `${field}[${index}]`;
    if (source.prefix && environmentName(source.prefix))
      errors.push(invalidValue(`${at}.prefix`, source.prefix, environmentName(source.prefix)!));
    const given = (['configMapRef', 'secretRef'] as const).filter((name) => source[name]);
    if (given.length === 0) errors.push(invalidValue(at, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (given.length > 1) errors.push(invalidValue(at, '', 'may not have more than one field specified at a time'));
    for (const name of given) checkName(source[name]?.name, dnsSubdomain, `${at}.${name}.name`, errors);
  });
}

/** Relative, and never up: a volume's content must stay inside it. */
export function checkPathInside(path: string | undefined, field: string, errors: FieldError[]): void {
  if (!path) return;
  if (path.startsWith('/')) errors.push(invalidValue(field, path, 'must be a relative path'));
  if (path.split('/').includes('..')) errors.push(invalidValue(field, path, "must not contain '..'"));
}

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursions = ['Disabled', 'Enabled', 'IfPossible'];

function validateMounts({ volumeMounts = [], volumeDevices }: Container, field: string, context: PodContext): void {
  const { errors, volumes } = context;
  const paths = new Set<string>();
  const devices = volumeDevices && new Set(volumeDevices.map(({ devicePath }) => devicePath));
  volumeMounts.forEach((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`;
    if (!mount.name) errors.push(required(`${at}.name`));
    else if (!volumes.has(mount.name)) errors.push({ ...notFound, field: `${at}.name`, message: missing(mount.name) });
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
    checkOptionalEnum(mount.recursiveReadOnly, recursions, `${field}.volumeMounts.recursiveReadOnly`, errors);
    if ((mount.recursiveReadOnly ?? 'Disabled') !== 'Disabled' && !mount.readOnly)
      errors.push(
        forbiddenValue(`${field}.volumeMounts.recursiveReadOnly`, 'may only be specified when readOnly is true'),
      );
  });
}

const notFound = { reason: 'FieldValueNotFound' as const };
const missing = (name: string) => `Not found: ${JSON.stringify(name)}`;

function validateDevices({ volumeDevices = [] }: Container, field: string, { errors, volumes }: PodContext): void {
  const paths = new Set<string>();
  volumeDevices.forEach(({ name, devicePath }, index) => {
    const at = `${field}.volumeDevices[${index}]`;
    if (!name) errors.push(required(`${at}.name`));
    else if (!volumes.has(name)) errors.push({ ...notFound, field: `${at}.name`, message: missing(name) });
    if (!devicePath) errors.push(required(`${at}.devicePath`));
    else if (devicePath.split('/').includes('..'))
      errors.push(invalidValue(`${at}.devicePath`, devicePath, 'can not contain backsteps (..)'));
    else if (paths.has(devicePath)) errors.push(invalidValue(`${at}.devicePath`, devicePath, 'must be unique'));
    paths.add(devicePath);
  });
}
