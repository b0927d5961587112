import { type Check, failOn, type Manifest } from '../../contract.ts';

const account = 'kubernetes.io/service-account.name';
const secret = (fields: object, annotations: Record<string, string> = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'robot', namespace: 'shop', annotations },
  ...fields,
});

export const tokenSecret: Check = {
  id: 'token-secret',
  level: 'cluster',
  severity: 'medium',
  title: 'No Secret holds a token that never expires',
  kinds: ['Secret'],
  why: 'such a token works from anywhere, for ever, and nobody sees when it was copied; people use them as passwords',
  mend: 'delete the Secret; ask for a token with kubectl create token, or mount a projected one',
  benchmark: ['CIS 3.1.2', 'NSA authentication and authorization'],
  examples: {
    pass: [[secret({ type: 'Opaque' })]],
    fail: [
      [secret({ type: 'kubernetes.io/service-account-token' }, { [account]: 'robot' })],
      [secret({}, { [account]: 'robot' })],
    ],
  },
  judge({ type, metadata }) {
    // Of a live cluster only the metadata of Secrets is read.
    const owner = metadata.annotations?.[account];
    if (type !== 'kubernetes.io/service-account-token' && !(type === undefined && owner !== undefined))
      return failOn([]);
    const field = type === undefined ? ['metadata', 'annotations', account] : ['type'];
    return failOn([{ field, reason: 'token without expiry', detail: `of ServiceAccount ${owner ?? '(none named)'}` }]);
  },
};
