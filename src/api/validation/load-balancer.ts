import { isIP } from 'node:net';
import type { FieldError } from '../status.ts';
import { ErrorList, forbiddenValue, invalidValue, required } from './errors.ts';
import { dnsSubdomain } from './names.ts';
import { checkAddress, checkOptionalEnum, checkOptionalName } from './values.ts';

type Point = { ip?: string; hostname?: string; ipMode?: string };

const field = 'status.loadBalancer.ingress';

/**
 * Where a service or an ingress is reached from outside, as whoever runs balancers reports it: packets follow.
 * Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateLoadBalancerStatus.
 */
export function validatePoints(points: Point[] = []): FieldError[] {
  const errors = new ErrorList();
  points.forEach(({ ip, hostname }, index) => {
    if (ip) checkAddress(ip, `${field}[${index}].ip`, errors);
    if (!hostname) return;
    checkOptionalName(hostname, dnsSubdomain, `${field}[${index}].hostname`, errors);
    if (isIP(hostname) !== 0)
      errors.push(invalidValue(`${field}[${index}].hostname`, hostname, 'must be a DNS name, not an IP address'));
  });
  return errors;
}

/** As `validatePoints`, of a service: only one with a balancer has them, and each address says how it is reached. */
export function validateServicePoints(points: Point[] = [], type: string | undefined): FieldError[] {
  if (points.length > 0 && type !== 'LoadBalancer')
    return [forbiddenValue(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  const errors = validatePoints(points);
  points.forEach(({ ip, ipMode }, index) => {
    const at = `${field}[${index}].ipMode`;
    if (ip && ipMode === undefined) errors.push(required(at, 'must be specified when `ip` is set'));
    if (!ip && ipMode !== undefined) errors.push(forbiddenValue(at, 'may not be specified when `ip` is not set'));
    else checkOptionalEnum(ipMode, ['Proxy', 'VIP'], at, errors);
  });
  return errors;
}
