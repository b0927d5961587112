import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { isAddressInCidr } from '../../validation/cidr.ts';
import type { CelFunc } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';

const shown = (text: string) => JSON.stringify(text.slice(0, 64));

/** Go's netip takes no zones here, no addresses of IPv4 inside IPv6, and no leading zeros. */
const isAddress = (text: string): boolean => isIP(text) !== 0 && !text.includes('%') && !isMapped(text);
const isMapped = (text: string): boolean =>
  isIP(text) === 6 && (ipaddr.parse(text) as ipaddr.IPv6).isIPv4MappedAddress();

function addressOf(text: string): string {
  if (isMapped(text)) throw new Error(`IPv4-mapped IPv6 address ${shown(text)} is not allowed`);
  if (isIP(text) !== 0 && text.includes('%'))
    throw new Error(`IP address ${shown(text)} with zone value is not allowed`);
  if (!isAddress(text))
    throw new Error(`IP Address ${shown(text)} parse error during conversion from string: unable to parse IP`);
  return canonical(text);
}

const canonical = (text: string): string => {
  const parsed = ipaddr.parse(text);
  return parsed.kind() === 'ipv6' ? (parsed as ipaddr.IPv6).toRFC5952String() : parsed.toString();
};

const isBlock = (text: string): boolean => {
  const [address = '', length = '', ...rest] = text.split('/');
  return (
    rest.length === 0 && isAddress(address) && /^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= widthOf(address)
  );
};

const widthOf = (address: string) => (isIP(address) === 6 ? 128 : 32);

function blockOf(text: string): string {
  if (!isBlock(text)) throw new Error(`network address parse error during conversion from string: ${shown(text)}`);
  const [address, length] = text.split('/') as [string, string];
  return `${canonical(address)}/${length}`;
}

/** Source: k8s.io/apiserver/pkg/cel/library/ip.go and cidr.go. */
export function addresses({ func, method, make, types: { IP, CIDR, STRING, BOOL, INT } }: Toolkit): CelFunc[] {
  const range = (self: unknown) => ipaddr.parse(textOf(self)).range();
  const isRange = (name: string, ...ranges: string[]) =>
    method(IP, name, [], BOOL, (self) => ranges.includes(range(self)));
  const isLocalMulticast = (text: string) => /^224\.0\.0\.|^ff[0-9a-f]2:/i.test(text);
  return [
    func('isIP', [STRING], BOOL, isAddress),
    func('ip', [STRING], IP, (text: string) => make('IP', addressOf(text))),
    func('ip.isCanonical', [STRING], BOOL, (text: string) => addressOf(text) === text),
    func('string', [IP], STRING, textOf),
    method(IP, 'family', [], INT, (self) => BigInt(isIP(textOf(self)))),
    isRange('isUnspecified', 'unspecified'),
    isRange('isLoopback', 'loopback'),
    isRange('isLinkLocalUnicast', 'linkLocal'),
    method(IP, 'isLinkLocalMulticast', [], BOOL, (self) => isLocalMulticast(textOf(self))),
    method(IP, 'isGlobalUnicast', [], BOOL, (self) => {
      const closed = ['unspecified', 'loopback', 'linkLocal', 'multicast', 'broadcast'];
      return !closed.includes(range(self));
    }),
    func('isCIDR', [STRING], BOOL, isBlock),
    func('cidr', [STRING], CIDR, (text: string) => make('CIDR', blockOf(text))),
    func('string', [CIDR], STRING, textOf),
    method(CIDR, 'containsIP', [STRING], BOOL, (self, text: string) => isAddressInCidr(addressOf(text), textOf(self))),
    method(CIDR, 'containsIP', [IP], BOOL, (self, other) => isAddressInCidr(textOf(other), textOf(self))),
    method(CIDR, 'containsCIDR', [STRING], BOOL, (self, text: string) => contains(textOf(self), blockOf(text))),
    method(CIDR, 'containsCIDR', [CIDR], BOOL, (self, other) => contains(textOf(self), textOf(other))),
    method(CIDR, 'ip', [], IP, (self) => make('IP', textOf(self).split('/')[0]!)),
    method(CIDR, 'masked', [], CIDR, (self) => make('CIDR', masked(textOf(self)))),
    method(CIDR, 'prefixLength', [], INT, (self) => BigInt(textOf(self).split('/')[1]!)),
  ];
}

function contains(outer: string, inner: string): boolean {
  const [address, length] = inner.split('/') as [string, string];
  return isAddressInCidr(address, outer) && Number(length) >= Number(outer.split('/')[1]);
}

function masked(block: string): string {
  const [address, length] = block.split('/') as [string, string];
  const bytes = ipaddr.parse(address).toByteArray();
  const kept = bytes.map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, Number(length) - index * 8))));
  return `${canonical(ipaddr.fromByteArray(kept).toString())}/${length}`;
}
