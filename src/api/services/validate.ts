import type { Service } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { checkEndpointAddress } from '../validation/endpoint-address.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, ErrorList, forbiddenValue, immutable, invalidValue, required } from '../validation/errors.ts';
import { validateLabels } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, qualifiedName } from '../validation/names.ts';
import {
  checkAddress,
  checkCidr,
  checkEnum,
  checkName,
  checkOptionalEnum,
  checkOptionalName,
  checkPort,
  checkPortReference,
  checkRange,
  checkUnique,
  hasFamilyTwice,
  protocols,
} from '../validation/values.ts';

type Spec = NonNullable<Service['spec']>;

const types = enumOf(['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'], 'core.v1.ServiceSpec.type');
const affinities = enumOf(['ClientIP', 'None'], 'core.v1.ServiceSpec.sessionAffinity');
const trafficPolicies = enumOf(
  ['Cluster', 'Local'],
  'core.v1.ServiceSpec.externalTrafficPolicy',
  'core.v1.ServiceSpec.internalTrafficPolicy',
);
const families = enumOf(['IPv4', 'IPv6'], 'core.v1.ServiceSpec.ipFamilies');

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateService. */
export function validateService({ spec = {} }: Service, old: Service | undefined): FieldError[] {
  const errors = new ErrorList();
  const { type, clusterIP, externalName, ports = [] } = spec;
  checkEnum(type, types, 'spec.type', errors);
  const isHeadless = clusterIP === 'None';
  if (type === 'ExternalName') {
    checkName(externalName, dnsSubdomain, 'spec.externalName', errors);
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const)
      if (spec[name]) errors.push(forbiddenValue(`spec.${name}`, 'may not be set for ExternalName services'));
  } else if (ports.length === 0 && !isHeadless) errors.push(required('spec.ports'));
  if (type === 'LoadBalancer' && isHeadless)
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', "may not be set to 'None' for LoadBalancer services"));
  if (type === 'NodePort' && isHeadless)
    errors.push(invalidValue('spec.clusterIPs[0]', 'None', "may not be set to 'None' for NodePort services"));
  if (type !== 'ExternalName') validateFamilies(spec, errors);
  validateLabels(spec.selector ?? {}, 'spec.selector', errors);
  validatePorts(spec, errors);
  validateAddresses(spec, errors);
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  checkEnum(spec.sessionAffinity, affinities, 'spec.sessionAffinity', errors);
  checkRange(timeout, 1, 86400, 'spec.sessionAffinityConfig.clientIP.timeoutSeconds', errors);
  if (spec.externalTrafficPolicy && !isExposed(spec))
    errors.push(
      invalidValue(
        'spec.externalTrafficPolicy',
        spec.externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    );
  else checkOptionalEnum(spec.externalTrafficPolicy, trafficPolicies, 'spec.externalTrafficPolicy', errors);
  checkOptionalEnum(spec.internalTrafficPolicy, trafficPolicies, 'spec.internalTrafficPolicy', errors);
  checkOptionalEnum(spec.trafficDistribution, distributions, 'spec.trafficDistribution', errors);
  validateBalancer(spec, old?.spec, errors);
  if (old) errors.push(...validateClusterAddress(spec, old.spec ?? {}));
  return errors;
}

/** Clients outside of the cluster reach it, so that it matters where their connections go. */
export const isExposed = ({ type, externalIPs = [] }: Spec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0);

const distributions = enumOf(
  ['PreferClose', 'PreferSameNode', 'PreferSameZone'],
  'core.v1.ServiceSpec.trafficDistribution',
);
const familyPolicies = enumOf(
  ['PreferDualStack', 'RequireDualStack', 'SingleStack'],
  'core.v1.ServiceSpec.ipFamilyPolicy',
);

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateServiceClusterIPsRelatedFields. */
function validateFamilies({ clusterIP = '', clusterIPs = [], ...spec }: Spec, errors: FieldError[]): void {
  const { ipFamilies = [] } = spec;
  checkOptionalEnum(spec.ipFamilyPolicy, familyPolicies, 'spec.ipFamilyPolicy', errors);
  ipFamilies.forEach((family, index) => {
    checkEnum(family, families, `spec.ipFamilies[${index}]`, errors);
  });
  checkUnique(ipFamilies, (index) => `spec.ipFamilies[${index}]`, errors);
  if (clusterIPs.length === 0) {
    if (clusterIP && clusterIP !== 'None') checkAddress(clusterIP, 'spec.clusterIPs[0]', errors);
    return;
  }
  if (clusterIP === '')
    errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'must be empty when `clusterIP` is not specified'));
  else if (clusterIPs[0] !== clusterIP)
    errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'));
  if (clusterIPs.includes('None')) {
    if (clusterIPs.length > 1)
      errors.push(invalidValue('spec.clusterIPs', clusterIPs, "'None' must be the first and only value"));
    return;
  }
  clusterIPs.forEach((address, index) => {
    checkAddress(address, `spec.clusterIPs[${index}]`, errors);
  });
  if (hasFamilyTwice(clusterIPs))
    errors.push(invalidValue('spec.clusterIPs', clusterIPs, 'may specify no more than one IP for each IP family'));
}

const forBalancers = "may only be used when `type` is 'LoadBalancer'";

function validateBalancer(spec: Spec, before: Spec | undefined, errors: FieldError[]): void {
  const { type, externalTrafficPolicy, healthCheckNodePort, loadBalancerClass } = spec;
  const isBalancer = type === 'LoadBalancer';
  if (spec.allocateLoadBalancerNodePorts !== undefined && !isBalancer)
    errors.push(forbiddenValue('spec.allocateLoadBalancerNodePorts', forBalancers));
  if (isBalancer && before === undefined && loadBalancerClass !== undefined)
    checkName(loadBalancerClass, qualifiedName, 'spec.loadBalancerClass', errors);
  if (isBalancer && before?.type === 'LoadBalancer' && loadBalancerClass !== before.loadBalancerClass)
    errors.push(invalidValue('spec.loadBalancerClass', loadBalancerClass ?? null, 'may not change once set'));
  if (!isBalancer && loadBalancerClass !== undefined)
    errors.push(forbiddenValue('spec.loadBalancerClass', forBalancers));
  const checksHealth = isBalancer && externalTrafficPolicy === 'Local';
  if (healthCheckNodePort && !checksHealth)
    errors.push(
      invalidValue(
        'spec.healthCheckNodePort',
        healthCheckNodePort,
        "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ),
    );
  if (checksHealth && before?.type === 'LoadBalancer' && before.externalTrafficPolicy === 'Local')
    if (healthCheckNodePort !== before.healthCheckNodePort)
      errors.push(forbiddenValue('spec.healthCheckNodePort', 'field is immutable'));
}

function validatePorts({ ports = [], type, clusterIP }: Spec, errors: FieldError[]): void {
  const [names, numbers, nodePorts] = [new Set<string>(), new Set<string>(), new Set<string>()];
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    if (ports.length > 1 || port.name) checkName(port.name, dnsLabel, `${at}.name`, errors);
    if (port.name && names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
    names.add(port.name ?? '');
    checkPort(port.port, `${at}.port`, errors);
    checkEnum(port.protocol, protocols, `${at}.protocol`, errors);
    checkPortReference(port.targetPort, `${at}.targetPort`, errors);
    checkOptionalName(port.appProtocol, qualifiedName, `${at}.appProtocol`, errors);
    if (clusterIP === 'None' && port.nodePort)
      errors.push(invalidValue(`${at}.nodePort`, port.nodePort, 'may not be used when `clusterIP` is None'));
    const number = `${port.protocol}/${port.port}`;
    if (numbers.has(number)) errors.push(duplicate(at, { protocol: port.protocol, port: port.port }));
    numbers.add(number);
    if (!port.nodePort) return;
    if (type !== 'NodePort' && type !== 'LoadBalancer')
      errors.push(forbiddenValue(`${at}.nodePort`, `may not be used when \`type\` is '${type}'`));
    const nodePort = `${port.protocol}/${port.nodePort}`;
    if (nodePorts.has(nodePort)) errors.push(duplicate(`${at}.nodePort`, port.nodePort));
    nodePorts.add(nodePort);
  });
}

function validateAddresses(spec: Spec, errors: FieldError[]): void {
  spec.externalIPs?.forEach((address, index) => {
    checkEndpointAddress(address, `spec.externalIPs[${index}]`, errors);
  });
  (spec.loadBalancerSourceRanges ?? []).forEach((range, index) => {
    checkCidr(range.trim(), `spec.LoadBalancerSourceRanges[${index}]`, errors);
  });
  if (spec.loadBalancerSourceRanges?.length && spec.type !== 'LoadBalancer')
    errors.push(forbiddenValue('spec.LoadBalancerSourceRanges', forBalancers));
}

/** An address may come with a type that has one and go with one that has none; it never changes. */
function validateClusterAddress(spec: Spec, old: Spec): FieldError[] {
  if (spec.type === 'ExternalName' || old.type === 'ExternalName') return [];
  if (!old.clusterIP || spec.clusterIP === old.clusterIP) return [];
  return [immutable('spec.clusterIPs[0]', spec.clusterIP ?? null)];
}
