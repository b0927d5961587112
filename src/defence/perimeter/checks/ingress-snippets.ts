import { type Check, failOn, type Manifest } from '../../contract.ts';

const ingress = (annotations: Record<string, string>): Manifest => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'web', namespace: 'shop', annotations },
  spec: { rules: [{ host: 'a.example' }] },
});
const snippet = /^nginx\.(ingress\.kubernetes\.io|org)\/(.*-)?snippets?$/;

export const ingressSnippets: Check = {
  id: 'exposure/ingress-snippets',
  level: 'perimeter',
  severity: 'high',
  title: 'No Ingress writes into the configuration of its controller',
  kinds: ['Ingress.networking.k8s.io'],
  why: 'a snippet runs in the controller: it reads the token, the certificates and the Secrets of all namespaces (CVE-2021-25742)',
  mend: 'use the annotations that are meant for it, and keep allow-snippet-annotations off in the controller',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[ingress({ 'nginx.ingress.kubernetes.io/rewrite-target': '/' })]],
    fail: [[ingress({ 'nginx.ingress.kubernetes.io/configuration-snippet': 'more_set_headers "a: b";' })]],
  },
  judge({ metadata }) {
    return failOn(
      Object.keys(metadata.annotations ?? {})
        .filter((key) => snippet.test(key))
        .map((key) => ({
          field: ['metadata', 'annotations', key],
          reason: 'configuration of the controller',
          detail: 'whoever may write this Ingress runs directives in it',
        })),
    );
  },
};
