import type { Manifest } from './contract.ts';

export const exampleNamespace = (labels?: Record<string, string>): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', ...(labels ? { labels } : {}) },
});
