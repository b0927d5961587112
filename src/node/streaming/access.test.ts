import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { ApiError } from '../../api/status.ts';
import type { Attributes } from '../../api/user.ts';
import { inProcessClient } from '../../client/in-process.ts';
import { startServer } from '../../server/testing/start.ts';
import { createAccess } from './access.ts';

const apiServerName = 'kube-apiserver-kubelet-client';

/** A request whose connection has a verified certificate, or a token, or neither. */
function requestOf(shown: { certificate?: { CN: string; O?: string | string[] }; token?: string }): IncomingMessage {
  const socket = {
    authorized: shown.certificate !== undefined,
    // What a stranger shows is there, and not to be believed.
    getPeerCertificate: () => ({ subject: shown.certificate ?? { CN: apiServerName } }),
  };
  return { socket, headers: shown.token ? { authorization: `Bearer ${shown.token}` } : {} } as never;
}

/** The real API server, whose authorizer lets users do what is listed. */
async function start(t: TestContext, rights: Record<string, string[]>) {
  const asked: Attributes[] = [];
  const server = await startServer({
    defences: {
      reviewToken: async (token) =>
        token === 'bad'
          ? { authenticated: false }
          : { authenticated: true, user: { username: token, groups: ['system:authenticated'] } },
      authorize(attributes) {
        const { user, verb, resource, subresource, name } = attributes;
        if (user.username === 'system:node:node-1') return { allowed: true, reason: '' };
        asked.push(attributes);
        const allowed = rights[user.username]?.includes(`${verb} ${resource}/${subresource} ${name}`) ?? false;
        return { allowed, reason: '' };
      },
    },
  });
  t.after(() => server.stop());
  const client = inProcessClient(server, 'system:node:node-1', ['system:nodes']);
  const access = createAccess({ nodeName: 'node-1', apiServerName, client });
  const code = async (work: () => unknown) => {
    try {
      await work();
      return 200;
    } catch (error) {
      assert.ok(error instanceof ApiError, String(error));
      return error.code;
    }
  };
  return { access, asked, code };
}

test('only the API server enters containers', async (t) => {
  const { access, code } = await start(t, { admin: ['get nodes/proxy node-1'] });
  const enter = (shown: Parameters<typeof requestOf>[0]) => code(() => access.toContainers(requestOf(shown)));
  assert.equal(await enter({ certificate: { CN: apiServerName } }), 200);
  assert.equal(await enter({ certificate: { CN: 'admin' } }), 403);
  assert.equal(await enter({ token: 'admin' }), 401);
  assert.equal(await enter({}), 401);
});

test('pages are read by whom the API allows nodes/metrics and its siblings of this node', async (t) => {
  const { access, code, asked } = await start(t, {
    prometheus: ['get nodes/metrics node-1'],
    viewer: ['get nodes/proxy node-1'],
    doctor: ['get nodes/healthz node-1'],
    elsewhere: ['get nodes/metrics node-2'],
    summarizer: ['get nodes/stats node-1'],
  });
  const read = (token: string, path: string) => code(() => access.toPage(requestOf({ token }), path));
  for (const path of ['/metrics', '/metrics/cadvisor', '/metrics/resource'])
    assert.equal(await read('prometheus', path), 200);
  assert.equal(await read('prometheus', '/pods'), 403);
  assert.equal(await read('viewer', '/pods'), 200);
  assert.equal(await read('viewer', '/healthz'), 200);
  assert.equal(await read('viewer', '/metrics'), 403);
  assert.equal(await read('doctor', '/healthz'), 200);
  assert.equal(await read('summarizer', '/stats/summary'), 200);
  assert.equal(await read('elsewhere', '/metrics'), 403);
  assert.equal(await read('bad', '/metrics'), 401);
  assert.equal(await code(() => access.toPage(requestOf({}), '/metrics')), 401);
  asked.length = 0;
  const certificate = { CN: 'prometheus', O: ['monitoring', 'others'] };
  assert.equal(await code(() => access.toPage(requestOf({ certificate }), '/metrics')), 200);
  assert.deepEqual(asked[0]!.user.groups, ['monitoring', 'others', 'system:authenticated']);
  assert.equal(await code(() => access.toPage(requestOf({ certificate: { CN: apiServerName } }), '/pods')), 200);
});

test('no flood of tokens becomes one of the API server, and an API that is away lets nobody in', async () => {
  const gate = Promise.withResolvers<never>();
  const access = createAccess({ nodeName: 'node-1', apiServerName, client: { create: () => gate.promise } });
  const codes: number[] = [];
  const asking = Array.from({ length: 20 }, () =>
    access.toPage(requestOf({ token: 'x' }), '/metrics').catch((error) => codes.push(error.code)),
  );
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(codes, [429, 429, 429, 429]);
  gate.reject(new Error('away'));
  await Promise.all(asking);
  assert.deepEqual(codes.slice(4), Array(16).fill(503));
});
