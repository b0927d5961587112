import { defineKind } from '../define.ts';
import type { EndpointSlice } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { checkEndpointAddress } from '../validation/endpoint-address.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, ErrorList, immutable, invalidValue, required, tooMany } from '../validation/errors.ts';
import { dnsLabel, dnsSubdomain, labelValue, type NameCheck, qualifiedName } from '../validation/names.ts';
import { checkEnum, checkOptionalName, checkPort, checkUnique, protocols } from '../validation/values.ts';

const shownMax = 3;

/** The first three, then how many more: `80,443 + 2 more...`. */
function showSome(values: string[], empty: string): string {
  if (values.length === 0) return empty;
  const more = values.length > shownMax ? ` + ${values.length - shownMax} more...` : '';
  return values.slice(0, shownMax).join(',') + more;
}

function ports({ ports }: EndpointSlice): string {
  const shown = (ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '') || '*' : String(port)));
  return showSome(shown, '<unset>');
}

const addressTypes = enumOf(['FQDN', 'IPv4', 'IPv6'], 'discovery.v1.EndpointSlice.addressType');

export const endpointSlice = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  hasGeneration: true,
  validate: validateSlice,
  columns: [
    { name: 'AddressType', type: 'string', value: ({ addressType }) => addressType },
    { name: 'Ports', type: 'string', value: ports },
    {
      name: 'Endpoints',
      type: 'string',
      value: ({ endpoints }) =>
        showSome(
          (endpoints ?? []).flatMap(({ addresses }) => addresses ?? []),
          '<unset>',
        ),
    },
  ],
  defaults({ ports }) {
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
});

const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20_000;

/** Source: kubernetes/kubernetes pkg/apis/discovery/validation/validation.go. */
function validateSlice(slice: EndpointSlice, old: EndpointSlice | undefined): FieldError[] {
  const errors = new ErrorList();
  const { addressType, endpoints = [], ports = [] } = slice;
  checkEnum(addressType, addressTypes, 'addressType', errors);
  if (old && addressType !== old.addressType) errors.push(immutable('addressType', addressType));
  if (endpoints.length > endpointsMax) errors.push(tooMany('endpoints', endpoints.length, endpointsMax));
  else
    endpoints.forEach(({ addresses = [], hostname, nodeName, hints }, index) => {
      const at = `endpoints[${index}]`;
      if (addresses.length === 0) errors.push(required(`${at}.addresses`, 'must contain at least 1 address'));
      if (addresses.length > addressesMax) errors.push(tooMany(`${at}.addresses`, addresses.length, addressesMax));
      else
        addresses.forEach((address, position) => {
          checkEndpoint(address, addressType, `${at}.addresses[${position}]`, errors);
        });
      for (const [list, items] of Object.entries({ forZones: hints?.forZones, forNodes: hints?.forNodes }))
        validateHints(items ?? [], list === 'forNodes' ? dnsSubdomain : labelValue, `${at}.hints.${list}`, errors);
      checkOptionalName(hostname, dnsLabel, `${at}.hostname`, errors);
      checkOptionalName(nodeName, dnsSubdomain, `${at}.nodeName`, errors);
    });
  if (ports.length > portsMax) return [...errors, tooMany('ports', ports.length, portsMax)];
  const names = new Set<string>();
  ports.forEach(({ name = '', port, protocol, appProtocol }, index) => {
    if (names.has(name)) errors.push(duplicate(`ports[${index}].name`, name));
    names.add(name);
    if (name !== '' && dnsLabel(name)) errors.push(invalidValue(`ports[${index}].name`, name, dnsLabel(name)!));
    if (port !== undefined) checkPort(port, `ports[${index}].port`, errors);
    checkEnum(protocol, protocols, `ports[${index}].protocol`, errors);
    checkOptionalName(appProtocol, qualifiedName, `ports[${index}].appProtocol`, errors);
  });
  return errors;
}

function checkEndpoint(address: string, type: string, field: string, errors: FieldError[]): void {
  if (type === 'FQDN') {
    const wrong = dnsSubdomain(address);
    if (wrong) errors.push(invalidValue(field, address, wrong));
    return;
  }
  checkEndpointAddress(address, field, errors);
  if (address.includes(':') !== (type === 'IPv6'))
    errors.push(invalidValue(field, address, `must be an ${type} address`));
}

const hintsMax = 8;

function validateHints(hints: { name: string }[], check: NameCheck, field: string, errors: FieldError[]): void {
  if (hints.length > hintsMax) errors.push(tooMany(field, hints.length, hintsMax));
  hints.forEach(({ name = '' }, index) => {
    checkOptionalName(name, check, `${field}[${index}].name`, errors);
  });
  checkUnique(
    hints.map(({ name = '' }) => name),
    (index) => `${field}[${index}].name`,
    errors,
  );
}
