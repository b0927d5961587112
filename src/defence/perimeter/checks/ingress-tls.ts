import { type Check, failOn, type Manifest, notApplicable } from '../../contract.ts';

const ingress = (spec: object): Manifest => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: 'shop' },
  spec,
});

/** `*.example.org` covers one label. */
const covers = (pattern: string, host: string) =>
  pattern === host || (pattern.startsWith('*.') && host.slice(host.indexOf('.')) === pattern.slice(1));

export const ingressTls: Check = {
  id: 'exposure/ingress-tls',
  level: 'perimeter',
  severity: 'medium',
  title: 'Every host of an Ingress has TLS',
  kinds: ['Ingress.networking.k8s.io'],
  why: 'without TLS everybody on the way reads and changes what is sent, passwords and cookies included',
  mend: 'add the host to spec.tls with the Secret of its certificate',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[ingress({ rules: [{ host: 'a.example' }], tls: [{ hosts: ['a.example'], secretName: 'a' }] })]],
    fail: [
      [ingress({ rules: [{ host: 'a.example' }] })],
      [ingress({ rules: [{ host: 'a.example' }, { host: 'b.example' }], tls: [{ hosts: ['a.example'] }] })],
    ],
  },
  judge({ spec }) {
    const rules = (spec?.rules ?? []) as { host?: string }[];
    const tls = (spec?.tls ?? []) as { hosts?: string[] }[];
    if (rules.length === 0 && spec?.defaultBackend === undefined && spec?.backend === undefined) return notApplicable;
    // An entry without hosts is the controller's default certificate, for all of them.
    if (tls.some(({ hosts }) => (hosts ?? []).length === 0)) return failOn([]);
    if (rules.length === 0 && tls.length === 0)
      return failOn([{ field: ['spec'], reason: 'no TLS', detail: 'the default backend is served in the clear' }]);
    return failOn(
      rules.flatMap(({ host = '' }, index) =>
        tls.some(({ hosts }) => hosts?.some((pattern) => covers(pattern, host)))
          ? []
          : [
              {
                field: ['spec', 'rules', index],
                reason: 'no TLS',
                detail: `${host || 'every host'} is served in the clear`,
              },
            ],
      ),
    );
  },
};
