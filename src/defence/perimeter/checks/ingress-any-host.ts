import { type Check, type Finding, failOn, type Manifest } from '../../contract.ts';

const ingress = (spec: object): Manifest => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: 'shop' },
  spec,
});
const paths = [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }];
const service = { service: { name: 'web', port: { number: 80 } } };

export const ingressAnyHost: Check = {
  id: 'exposure/ingress-any-host',
  level: 'perimeter',
  severity: 'low',
  title: 'Every Ingress names its hosts',
  kinds: ['Ingress.networking.k8s.io'],
  why: 'a rule without host, or with a wildcard, answers for names of others, also those that do not exist yet',
  mend: 'name the host of each rule; leave the default backend to the controller',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[ingress({ rules: [{ host: 'a.example' }] })]],
    fail: [
      [ingress({ rules: [{ http: { paths } }] })],
      [ingress({ rules: [{ host: '*.example' }] })],
      [ingress({ defaultBackend: service })],
    ],
  },
  judge({ spec }) {
    const findings: Finding[] = [];
    for (const [index, { host }] of ((spec?.rules ?? []) as { host?: string }[]).entries()) {
      if (host && !host.startsWith('*')) continue;
      const detail = host ? `${host} is every name below` : 'a rule without host is for every name';
      findings.push({ field: ['spec', 'rules', index, 'host'], reason: 'any host', detail });
    }
    if (spec?.defaultBackend)
      findings.push({
        field: ['spec', 'defaultBackend'],
        reason: 'any host',
        detail: 'it gets what no other rule takes',
      });
    return failOn(findings);
  },
};
