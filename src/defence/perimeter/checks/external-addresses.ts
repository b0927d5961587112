import { type Check, failOn, pass } from '../../contract.ts';
import { exampleService } from '../service-example.ts';

export const externalAddresses: Check = {
  id: 'exposure/external-addresses',
  level: 'perimeter',
  severity: 'high',
  title: 'No service claims addresses by externalIPs',
  kinds: ['Service'],
  why: 'whoever may write externalIPs takes over traffic to any address, also of others (CVE-2020-8554)',
  mend: 'use a LoadBalancer or an Ingress',
  benchmark: ['NSA network separation and hardening'],
  examples: { pass: [[exampleService({})]], fail: [[exampleService({ externalIPs: ['192.0.2.7'] })]] },
  judge({ spec }) {
    const addresses: string[] = spec?.externalIPs ?? [];
    if (addresses.length === 0) return pass;
    const patch = [{ op: 'remove', path: '/spec/externalIPs' }];
    return failOn([
      { field: ['spec', 'externalIPs'], reason: 'claims addresses', detail: addresses.join(', '), patch },
    ]);
  },
};
