import { defineKind } from '../define.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../schema/types.d.ts';
import { showSelector } from '../selectors.ts';
import type { FieldError } from '../status.ts';
import { blockOf } from '../validation/cidr.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkCidr, checkEnum, checkPortReference, isCidr, protocols } from '../validation/values.ts';

const directions = enumOf(['Egress', 'Ingress'], 'networking.v1.NetworkPolicySpec.policyTypes');

export const networkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  kind: 'NetworkPolicy',
  resource: 'networkpolicies',
  shortNames: ['netpol'],
  validate: validatePolicy,
  columns: [{ name: 'Pod-Selector', type: 'string', value: ({ spec }) => showSelector(spec?.podSelector) }],
  // Source: kubernetes/kubernetes pkg/apis/networking/v1/defaults.go.
  defaults({ spec }) {
    if (!spec) return;
    spec.podSelector ??= {};
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of ports ?? []) port.protocol ??= 'TCP';
    if (spec.policyTypes?.length) return;
    // A policy that lists egress rules is about egress too; every policy is about ingress.
    spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
});

type Rule = { ports?: NetworkPolicyPort[]; peers: NetworkPolicyPeer[]; field: string; peersName: string };

/** Source: kubernetes/kubernetes pkg/apis/networking/validation/validation.go, ValidateNetworkPolicySpec. */
function validatePolicy({ spec }: NetworkPolicy): FieldError[] {
  const errors = new ErrorList();
  validateSelector(spec?.podSelector, 'spec.podSelector', errors);
  const rules: Rule[] = [
    ...(spec?.ingress ?? []).map(({ ports, from = [] }, index) => ({
      ports,
      peers: from,
      field: `spec.ingress[${index}]`,
      peersName: 'from',
    })),
    ...(spec?.egress ?? []).map(({ ports, to = [] }, index) => ({
      ports,
      peers: to,
      field: `spec.egress[${index}]`,
      peersName: 'to',
    })),
  ];
  for (const { ports = [], peers, field, peersName } of rules) {
    ports.forEach((port, index) => {
      validatePort(port, `${field}.ports[${index}]`, errors);
    });
    peers.forEach((peer, index) => {
      validatePeer(peer, `${field}.${peersName}[${index}]`, errors);
    });
  }
  (spec?.policyTypes ?? []).forEach((type, index) => {
    if (!directions.includes(type)) errors.push(notSupported(`spec.policyTypes[${index}]`, type, directions));
  });
  if ((spec?.policyTypes?.length ?? 0) > 2)
    errors.push(invalidValue('spec.policyTypes', spec?.policyTypes, 'may not specify more than two policyTypes'));
  return errors;
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, field: string, errors: FieldError[]): void {
  if (protocol !== undefined) checkEnum(protocol, protocols, `${field}.protocol`, errors);
  if (port !== undefined) checkPortReference(port, `${field}.port`, errors);
  if (endPort === undefined) return;
  if (port === undefined) errors.push(required(`${field}.port`, 'may not be empty when `endPort` is specified'));
  else if (typeof port === 'string')
    errors.push(forbiddenValue(`${field}.endPort`, 'may not be specified when `port` is non-numeric'));
  else if (endPort < port)
    errors.push(invalidValue(`${field}.endPort`, endPort, 'must be greater than or equal to `port`'));
  if (endPort > 65535) errors.push(invalidValue(`${field}.endPort`, endPort, 'must be between 1 and 65535, inclusive'));
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  field: string,
  errors: FieldError[],
) {
  validateSelector(podSelector, `${field}.podSelector`, errors);
  validateSelector(namespaceSelector, `${field}.namespaceSelector`, errors);
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(field, 'must specify a peer'));
  if (!ipBlock) return;
  if (podSelector || namespaceSelector)
    errors.push(forbiddenValue(field, 'may not specify both ipBlock and another peer'));
  checkCidr(ipBlock.cidr, `${field}.ipBlock.cidr`, errors);
  const isInside = isCidr(ipBlock.cidr ?? '') ? strictlyInside(ipBlock.cidr) : () => true;
  (ipBlock.except ?? []).forEach((except, index) => {
    const at = `${field}.ipBlock.except[${index}]`;
    checkCidr(except, at, errors);
    if (isCidr(except) && !isInside(except)) errors.push(invalidValue(at, except, 'must be a strict subset of `cidr`'));
  });
}

/** For many inner ones: the outer block is made once. */
function strictlyInside(outer: string): (inner: string) => boolean {
  const contains = blockOf(outer);
  const outerLength = Number(outer.split('/')[1]);
  return (inner) => {
    const [address, length] = inner.split('/') as [string, string];
    return Number(length) > outerLength && contains(address);
  };
}
