import type { AdmissionPlugin, ModeOf } from '../contracts.ts';
import { concerns, refusal } from './about.ts';

/**
 * Services may not claim external addresses: whoever may create a Service could take over traffic to any address
 * (CVE-2020-8554). Addresses that a Service has already may stay or go.
 */
export const denyServiceExternalIPs = (modeOf: ModeOf): AdmissionPlugin => ({
  name: 'DenyServiceExternalIPs',
  validate(request) {
    if (!concerns(request, 'CREATE', 'services') && !concerns(request, 'UPDATE', 'services')) return;
    const mode = modeOf('service-external-ips', request.lookup);
    if (mode === 'off') return;
    const before = new Set(request.oldObject?.['spec']?.externalIPs ?? []);
    const added = (request.object?.['spec']?.externalIPs ?? []).filter((address: string) => !before.has(address));
    if (added.length === 0) return;
    if (mode === 'observe') {
      request.warn(`would be refused (service-external-ips): it claims ${added.join(', ')}`);
      request.annotate('defence.rempart.io/would-refuse', `service-external-ips: ${added.join(', ')}`);
      return;
    }
    throw refusal(
      request,
      'Use of external IPs is denied by admission control: use a LoadBalancer or NodePort Service',
    );
  },
});
