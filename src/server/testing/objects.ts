import assert from 'node:assert/strict';
import type { CallResponse } from '../in-process.ts';
import { type TestServer, testAdmin } from './start.ts';

export const configMap = (name: string, data: Record<string, string> = {}, labels?: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
  data,
});

export const pod = (name: string, spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'main', image: 'example' }], ...spec },
});

export const configMaps = '/api/v1/namespaces/default/configmaps';
export const pods = '/api/v1/namespaces/default/pods';
export const deployments = '/apis/apps/v1/namespaces/default/deployments';

export const deployment = (name: string, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'example' }] },
    },
  },
});

/** A call as the test's administrator that must succeed; returns the body. */
export async function must(server: TestServer, method: string, path: string, body?: unknown, contentType?: string) {
  const answer = await may(server, method, path, body, contentType);
  assert.ok(answer.code < 300, `${method} ${path}: ${answer.code} ${answer.body?.message}`);
  return answer.body;
}

/** The same, whatever it is answered with. */
export const may = (
  server: TestServer,
  method: string,
  path: string,
  body?: unknown,
  contentType?: string,
): Promise<CallResponse> => server.call(testAdmin, { method, path, body, ...(contentType ? { contentType } : {}) });
