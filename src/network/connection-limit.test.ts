import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLog } from '../foundation/log.ts';
import { mustRun, type RunCommand, runCommand } from './command.ts';
import { connectionLimitOf, createConnectionLimit } from './connection-limit.ts';
import { inPrivateNetwork } from './testing/machine.ts';
import { createTestNode } from './testing/node.ts';

test('a pod has a sixteenth of the table for what is open, an eighth for what has ended', () => {
  assert.deepEqual(connectionLimitOf(262_144), { openMax: 16_384, tcpPerSecondMax: 3276 });
  assert.deepEqual(connectionLimitOf(0), { openMax: 1, tcpPerSecondMax: 1 });
});

test('a kernel that cannot count is said once, and the node goes on without', async () => {
  const lines: string[] = [];
  const log = createLog('network', 'warn', { write: (line: string) => void lines.push(line) } as never);
  let works = false;
  const loaded: string[] = [];
  const run: RunCommand = async (_, __, script) => {
    if (script) loaded.push(script);
    return { code: works && script ? 0 : 1, stdout: '', stderr: 'Error: No such file or directory' };
  };
  const options = { tableName: 't', podCIDR: '10.244.0.0/24', trackedMax: () => 160 };
  const keep = createConnectionLimit({ ...options, run, log });
  for (let round = 0; round < 3; round++) await keep();
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /cannot limit the connections of a pod.*CONFIG_NFT_CONNLIMIT/);
  works = true;
  await keep();
  assert.equal(loaded.length, 4);
});

inPrivateNetwork('connections of a pod are limited with real packets', import.meta.filename, realPackets);

function realPackets(): void {
  const node = createTestNode();
  const { pod } = node;
  before(node.start);
  after(node.end);

  const tableName = 'rempart_edge_connections';
  const lines: string[] = [];
  const limited = (trackedMax: number) =>
    createConnectionLimit({
      ...{ tableName, podCIDR: '10.244.0.0/24', trackedMax: () => trackedMax, run: runCommand },
      log: createLog('network', 'warn', { write: (line: string) => void lines.push(line) } as never),
    })();
  const unlimited = () => mustRun(runCommand, 'nft', ['delete', 'table', 'inet', tableName]);
  const tracked = (...filter: string[]) => mustRun(runCommand, 'conntrack', ['--dump', ...filter]);
  const forget = () => mustRun(runCommand, 'conntrack', ['--flush']);
  /** A datagram from a port of its own is a connection to the kernel. */
  const send = (name: string, localPort: number) => pod(name).probe('udp', pod('db').ip, 8080, { localPort });

  test('a pod has as many connections as it may and no more; others, and its own open ones, go on', async () => {
    node.addService('shop', 'own', '10.96.0.51', [pod('front')]);
    await node.eventually(/^front/, () => pod('front').probe('udp', '10.96.0.51', 80));
    await forget();
    await limited(5 * 16);
    for (let port = 5001; port <= 5005; port++) assert.match(await send('front', port), /^db/, `port ${port}`);
    assert.equal(await send('front', 5006), 'timeout');
    assert.match(await send('front', 5001), /^db/, 'an open one');
    assert.match(await pod('db').ask('tcp', pod('front').ip, 8080), /^front/, 'another pod');
    assert.match(await pod('node').ask('tcp', pod('front').ip, 8080), /^front/, 'the node');
    assert.equal(await pod('front').probe('tcp', '10.96.0.1', 443), 'timeout', 'the API counts, too');
    assert.equal(await pod('front').probe('udp', '10.96.0.51', 80), 'timeout', 'and itself behind a service');
    await limited(5 * 16);
    const { msg, pods, openMax } = JSON.parse(lines.at(-1)!);
    assert.deepEqual([msg, openMax], ['pods were refused connections: they have too many', 5]);
    assert.deepEqual(
      pods.map(({ address }: { address: string }) => address),
      [pod('front').ip],
    );
    await forget();
    assert.match(await send('front', 5006), /^db/, 'when others have ended');
    await unlimited();
  });

  test('connections that end at once are held to a rate, and are soon forgotten', async () => {
    await forget();
    await limited(6 * 16);
    // One at a time and one a second: of so many at once some must be refused, however slow the machine.
    const answers = await Promise.all(Array.from({ length: 20 }, () => pod('front').probe('tcp', pod('db').ip, 8080)));
    assert.ok(answers.includes('timeout'), answers.join());
    assert.ok(
      answers.some((answer) => answer.startsWith('db')),
      answers.join(),
    );
    const closed = [...(await tracked('--orig-src', pod('front').ip)).matchAll(/^tcp +\d+ (\d+) TIME_WAIT/gm)];
    assert.ok(closed.length > 0);
    for (const [line, seconds] of closed) assert.ok(Number(seconds) <= 10, line);
    await unlimited();
  });

  test('what was counted is kept by an agent that comes back, and given up when the limit is another', async () => {
    await forget();
    await limited(2 * 16);
    for (const port of [6001, 6002]) assert.match(await send('front', port), /^db/);
    await limited(2 * 16);
    assert.equal(await send('front', 6003), 'timeout');
    await limited(3 * 16);
    assert.match(await send('front', 6003), /^db/);
    await unlimited();
  });

  test('a node limits its pods, and forgets the connections of one that goes and of whoever had an address before', async () => {
    const { stdout: counted } = await runCommand('nft', ['list', 'set', 'inet', 'rempart_test_connections', 'open']);
    assert.ok(counted.includes(`${pod('front').ip} ct count over`), counted);
    const roamer = node.cache('pods').get('free', 'roamer')!;
    const own = () => tracked('--orig-src', pod('roamer').ip);
    const ask = () => pod('roamer').ask('tcp', '198.51.100.1', 443);
    assert.match(await ask(), /^outside/);
    assert.notEqual(await own(), '');
    await node.network.podNetworkGone(roamer, pod('roamer').ip);
    assert.equal(await own(), '');
    await node.network.podNetworkReady(roamer, pod('roamer').ip);
    assert.match(await ask(), /^outside/);
    await node.network.podNetworkReady({ ...roamer, metadata: { ...roamer.metadata, uid: 'other' } }, pod('roamer').ip);
    assert.equal(await own(), '');
  });
}
