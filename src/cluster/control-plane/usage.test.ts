import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Node } from '../../api/schema/types.d.ts';
import { systemClock } from '../../foundation/clock.ts';
import { openAuthority } from '../certificates/authority.ts';
import { identities } from '../certificates/identities.ts';
import { usageOfNodes } from './usage.ts';

/** The usage of nodes that answer like this, by name. */
async function usageOf(t: TestContext, answers: Record<string, RequestListener>, answerMsMax?: number) {
  const directory = mkdtempSync(join(tmpdir(), 'rempart-usage-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const authority = openAuthority(directory, systemClock);
  const nodes = await Promise.all(
    Object.entries(answers).map(async ([name, answer]) => {
      const { certificate: cert, key } = authority.issue(identities.nodeServing(name, ['127.0.0.1']));
      const server = createServer({ cert, key }, answer).listen(0, '127.0.0.1');
      t.after(() => {
        server.closeAllConnections();
        server.close();
      });
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
      return {
        metadata: { name },
        status: { addresses, daemonEndpoints: { kubeletEndpoint: { Port: port } } },
      } as Node;
    }),
  );
  const client = () => ({ cert: '', key: '', ca: authority.certificate });
  const nodeOfPod = (namespace: string, name: string) => (`${namespace}/${name}` === 'default/a' ? 'good' : undefined);
  return usageOfNodes(() => nodes, nodeOfPod, client, answerMsMax);
}

const sample = { cpu: { usageNanoCores: 5 }, memory: { workingSetBytes: 2048 } };
const pods = [{ podRef: { name: 'a', namespace: 'default' }, containers: [{ name: 'c', ...sample }] }];
const good: RequestListener = (_request, response) => response.end(JSON.stringify({ node: sample, pods }));

test('what a node answers that is no summary leaves it out, and nothing else', async (t) => {
  const said =
    (text: string, code = 200): RequestListener =>
    (_request, response) =>
      response.writeHead(code).end(text);
  const usage = await usageOf(t, {
    good,
    ...{ text: said('{"node":'), list: said('[]'), nothing: said('null'), refuses: said('no', 403) },
    ...{ wrong: said('{"node":{},"pods":[{}]}'), torn: (_request, response) => response.destroy() },
  });
  const names = (await usage.nodes()).map(({ metadata }) => metadata.name);
  assert.deepEqual(names, ['good', 'wrong']);
  const all = await usage.pods(undefined);
  assert.deepEqual(
    all.map((each) => [each.metadata.name, each['containers'][0].usage]),
    [['a', { cpu: '5n', memory: '2Ki' }]],
  );
});

test('a node tells nothing of the pods of others, by which they would be scaled', async (t) => {
  const lies = pods.map((each) => ({ ...each, containers: [{ name: 'c', cpu: { usageNanoCores: 9e9 } }] }));
  const lying: RequestListener = (_request, response) => response.end(JSON.stringify({ node: sample, pods: lies }));
  const usage = await usageOf(t, { lying, good });
  const told = (await usage.pods('default')).map((each) => each['containers'][0].usage.cpu);
  assert.deepEqual(told, ['5n']);
});

test('a node that is slow to the end is left out', async (t) => {
  const drips: RequestListener = (_request, response) => {
    const timer = setInterval(() => response.write(' '), 10);
    response.on('close', () => clearInterval(timer));
  };
  const usage = await usageOf(t, { good, drips }, 300);
  assert.equal((await usage.nodes()).length, 1);
});
