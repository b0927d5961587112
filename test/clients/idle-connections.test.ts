import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { createHttpsTransport } from '../../src/client/https-transport.ts';
import { loadKubeconfig } from '../../src/client/kubeconfig.ts';
import { type Development, startDevelopment } from './development.ts';

/** As many as kubectls, controllers and browsers leave open: each was answered once and is silent since. */
const connections = 10_000;
const atOnce = 250;
/** What the server keeps of each; the kernel has its own buffers besides. */
const bytesPerConnectionMax = 120_000;
const answerMsMax = 2000;
/** After a hundred seconds without a word the server closes a connection: on a slow machine the first may be that old. */
const keptForMs = 90_000;
const needsBytes = 3 * 2 ** 30;
const skip =
  process.platform !== 'linux' ? 'needs /proc' : freemem() < needsBytes && 'needs 3 GiB: both ends are on this machine';

let cluster: Development;
before(async () => {
  if (!skip) cluster = await startDevelopment();
});
after(() => cluster?.stop());

const residentBytes = () =>
  1024 * Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${cluster.pid}/status`, 'utf8'))![1]);

type Idle = { socket: TLSSocket; sinceMs: number };

/** One connection that asked for something once. */
async function idle(): Promise<Idle> {
  const { hostname: host, port } = new URL(cluster.url);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
  const [answer] = await once(socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 /);
  return { socket, sinceMs: performance.now() };
}

test('ten thousand idle connections: others are answered, memory is bounded, none is cut off', { skip }, async (t) => {
  const before = residentBytes();
  const all: Idle[] = [];
  while (all.length < connections) all.push(...(await Promise.all(Array.from({ length: atOnce }, idle))));
  const grownBytes = residentBytes() - before;
  t.diagnostic(`${Math.round(grownBytes / connections / 1000)} kB for each connection`);
  assert.ok(grownBytes < connections * bytesPerConnectionMax, `${grownBytes} bytes more than before`);
  const other = createHttpsTransport(loadKubeconfig(cluster.kubeconfig).connection);
  try {
    for (let count = 0; count < 20; count++) {
      const startedMs = performance.now();
      const { code } = await other.send({ method: 'GET', path: '/api/v1/namespaces' });
      assert.equal(code, 200);
      assert.ok(performance.now() - startedMs < answerMsMax, `${performance.now() - startedMs} ms for an answer`);
    }
    const young = all.filter(({ sinceMs }) => performance.now() - sinceMs < keptForMs);
    assert.deepEqual(
      young.filter(({ socket }) => socket.destroyed || socket.readableEnded),
      [],
    );
  } finally {
    other.close();
    for (const { socket } of all) socket.destroy();
  }
});
