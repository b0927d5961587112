import { type Check, failOn, type Manifest, notApplicable, pass } from '../../contract.ts';

const token = (stringData?: Record<string, string>): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  ...(stringData ? { type: 'bootstrap.kubernetes.io/token', stringData } : {}),
});

export const bootstrapToken: Check = {
  id: 'bootstrap-token',
  level: 'cluster',
  severity: 'medium',
  title: 'No bootstrap token stays when no node joins',
  kinds: ['Secret'],
  why: 'whoever has it gets the certificate of a node, or whatever its groups may do',
  mend: 'delete it once the nodes have joined, and give the next one an expiration of an hour',
  benchmark: ['CIS 3.1.3', 'NSA authentication and authorization'],
  examples: {
    pass: [[token({ expiration: '2026-01-01T01:00:00Z' })]],
    fail: [
      [token({ 'token-id': 'abcdef' })],
      [token({ expiration: '2026-01-01T01:00:00Z', 'auth-extra-groups': 'a' })],
      [token()],
    ],
  },
  judge({ metadata, type, data, stringData }) {
    if (metadata.namespace !== 'kube-system' || !metadata.name?.startsWith('bootstrap-token-')) return notApplicable;
    // Of a live cluster only the metadata of Secrets is read: that one is there is all that is known.
    if (type === undefined)
      return failOn([
        { field: ['metadata', 'name'], reason: 'bootstrap token', detail: 'it is still there', severity: 'low' },
      ]);
    const has = (key: string) => stringData?.[key] !== undefined || data?.[key] !== undefined;
    const place = stringData === undefined ? 'data' : 'stringData';
    if (!has('expiration'))
      return failOn([{ field: [place, 'expiration'], reason: 'token without expiry', detail: 'it works for ever' }]);
    if (!has('auth-extra-groups')) return pass;
    const detail = 'it is for more than joining: its holder is in groups of its own';
    return failOn([{ field: [place, 'auth-extra-groups'], reason: 'token with groups', detail }]);
  },
};
