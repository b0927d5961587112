import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { FieldError } from '../status.ts';
import { invalidValue } from './errors.ts';
import { checkAddress } from './values.ts';

/**
 * Traffic of a service must not be led to the node itself or its metadata service. Source: kubernetes/kubernetes
 * pkg/apis/core/validation/validation.go, ValidateEndpointIP.
 */
export function checkEndpointAddress(address: string | undefined, field: string, errors: FieldError[]): void {
  checkAddress(address, field, errors);
  const wrong = address ? special(address) : undefined;
  if (wrong !== undefined) errors.push(invalidValue(field, address, wrong));
}

function special(address: string): string | undefined {
  if (isIPv4(address)) return specialOfIPv4(address);
  if (!isIPv6(address) || address.includes('%')) return undefined;
  const parsed = ipaddr.process(address);
  // An address of IPv4 can be written inside one of IPv6.
  if (!(parsed instanceof ipaddr.IPv6)) return specialOfIPv4(parsed.toString());
  const range = parsed.range();
  if (range === 'unspecified') return `may not be unspecified (${address})`;
  if (range === 'loopback') return loopback;
  if (range === 'linkLocal') return linkLocal;
  return (parsed.parts[0]! & 0xff0f) === 0xff02 ? linkLocalMulticast : undefined;
}

function specialOfIPv4(address: string): string | undefined {
  if (address === '0.0.0.0') return `may not be unspecified (${address})`;
  if (address.startsWith('127.')) return loopback;
  if (address.startsWith('169.254.')) return linkLocal;
  return address.startsWith('224.0.0.') ? linkLocalMulticast : undefined;
}

const loopback = 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
const linkLocal = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
const linkLocalMulticast = 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';
