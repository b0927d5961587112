import { type Check, failOn, type Manifest } from '../../contract.ts';

const service = (spec: object): Manifest => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name: 'v1.metrics.example' },
  spec: {
    ...{ group: 'metrics.example', version: 'v1', groupPriorityMinimum: 100, versionPriority: 15 },
    ...{ service: { namespace: 'shop', name: 'metrics' }, ...spec },
  },
});

export const insecureApiService: Check = {
  id: 'insecure-api-service',
  level: 'cluster',
  severity: 'high',
  title: 'The API server verifies the extensions that it passes requests to',
  kinds: ['APIService.apiregistration.k8s.io'],
  why: 'whoever gets between them, or takes the address of the service, reads and answers requests in the name of the API',
  mend: 'give caBundle the authority of the extension and remove insecureSkipTLSVerify',
  benchmark: ['NSA network separation and hardening'],
  examples: { pass: [[service({ caBundle: 'LS0t' })]], fail: [[service({ insecureSkipTLSVerify: true })]] },
  judge({ spec }) {
    if (spec?.insecureSkipTLSVerify !== true) return failOn([]);
    const detail = `requests for ${spec.group}/${spec.version} go to whoever answers`;
    return failOn([{ field: ['spec', 'insecureSkipTLSVerify'], reason: 'no verification', detail }]);
  },
};
