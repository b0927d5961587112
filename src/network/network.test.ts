import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { mustRun, runCommand } from './command.ts';
import { removeNetwork } from './network.ts';
import { questionPacket } from './testing/dns.ts';
import { inPrivateNetwork } from './testing/machine.ts';
import { createTestNode, forwarding } from './testing/node.ts';

inPrivateNetwork('the room as a whole moves real packets', import.meta.filename, realPackets);

function realPackets(): void {
  const node = createTestNode();
  const { pod, addPod, addService } = node;
  before(node.start);
  after(node.end);

  test('host ports lead to the pod while it lives', async () => {
    const container = { ports: [{ containerPort: 8080, hostPort: 9090 }] };
    await addPod('other', 'host-port', {}, true, container);
    const ask = () => pod('outside').ask('tcp', '198.51.100.254', 9090);
    assert.equal(await ask(), 'host-port 198.51.100.1');
    await node.restart();
    assert.equal(await ask(), 'host-port 198.51.100.1', 'after a restart of the process, too');
    await node.network.podNetworkGone(node.cache('pods').get('other', 'host-port')!, pod('host-port').ip);
    await node.eventually(/ECONNREFUSED|timeout/, () => pod('outside').probe('tcp', '198.51.100.254', 9090));
  });

  test('pods ask the cluster DNS at its service address', async () => {
    addService('shop', 'web', '10.96.0.50', []);
    const text = questionPacket('web.shop.svc.cluster.local', 1).toString('base64');
    const answer = Buffer.from(await pod('spy').ask('udp', '10.96.0.10', 53, { text }), 'base64');
    assert.equal(answer.readUInt16BE(0), 0x1234);
    assert.equal(answer.readUInt16BE(6), 1, 'one answer');
    assert.deepEqual([...answer.subarray(-4)], [10, 96, 0, 50]);
  });

  test('names of the outside are looked up only for pods that may go there', async () => {
    await pod('outside').listen('udp', 5353);
    const text = questionPacket('example.org', 1).toString('base64');
    const island = Buffer.from(await pod('spy').ask('udp', '10.96.0.10', 53, { text }), 'base64');
    assert.equal(island[3]! & 15, 5, 'REFUSED');
    const free = pod('roamer').ask('udp', '10.96.0.10', 53, { text, timeoutMs: 300 });
    assert.equal(await free, 'timeout', 'asked upstream, which here answers no DNS');
  });

  test('one pod that floods the DNS with questions leaves it to the others', async () => {
    const text = questionPacket('web.shop.svc.cluster.local', 1).toString('base64');
    const flooded = pod('spy').flood('10.96.0.10', 53, text);
    await node.eventually(/^EjS/, () => pod('front').ask('udp', '10.96.0.10', 53, { text, timeoutMs: 200 }));
    await flooded;
    const chain = ['list', 'chain', 'inet', 'rempart_test_policies', 'pod_to_node'];
    const { stdout } = await runCommand('nft', chain);
    const dropped = Number(/packets (\d+) bytes \d+ drop comment "too many questions"/.exec(stdout)?.[1]);
    assert.ok(dropped > 10_000, stdout);
    await node.restart();
    await node.eventually(/^EjS/, () => pod('spy').ask('udp', '10.96.0.10', 53, { text, timeoutMs: 200 }));
  });

  test('what is in force survives a restart of the process', async () => {
    await node.network.stop();
    assert.match(await pod('front').ask('tcp', pod('db').ip, 8080), /^db/);
    await node.restart();
    assert.match(await pod('front').ask('tcp', pod('db').ip, 8080), /^db/);
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout');
  });

  test('a pod that is told again after a restart keeps its connections, also one from a file; one that the API did not know comes back', async () => {
    assert.match(await pod('front').open(pod('db').ip, 8080), /^db/);
    const known = node.cache('pods').get('shop', 'front')!;
    const unknown = { ...node.cache('pods').get('other', 'spy')!, status: {} };
    node.cache('pods').set(unknown);
    assert.match(await pod('roamer').open('198.51.100.1', 443), /^outside/);
    const ofFile = node.cache('pods').get('free', 'roamer')!;
    const annotations = { 'kubernetes.io/config.mirror': ofFile.metadata.uid! };
    node.cache('pods').set({ ...ofFile, metadata: { ...ofFile.metadata, uid: 'mirror', annotations } });
    await node.restart();
    assert.equal(await pod('node').probe('udp', pod('spy').ip, 8080), 'timeout');
    await node.network.podNetworkReady(known, pod('front').ip);
    await node.network.podNetworkReady(unknown, pod('spy').ip);
    await node.network.podNetworkReady(ofFile, pod('roamer').ip);
    assert.match(await pod('front').say(pod('db').ip, 8080), /^db/);
    assert.match(await pod('roamer').say('198.51.100.1', 443), /^outside/);
    node.cache('pods').set(ofFile);
    assert.match(await pod('node').ask('udp', pod('spy').ip, 8080), /^spy/);
  });

  test('after a restart an address belongs to the pod that runs, not to one that ended and had it before', async () => {
    const spec = { nodeName: 'n1', containers: [{ name: 'c' }] };
    const status = { phase: 'Succeeded', podIP: pod('db').ip, podIPs: [{ ip: pod('db').ip }] };
    node.cache('pods').set(node.object('Pod', 'other', 'ended', { spec, status }));
    await node.restart();
    assert.match(await pod('front').ask('tcp', pod('db').ip, 8080), /^db/);
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout');
    node.cache('pods').delete('other', 'ended');
  });

  test('a pod that was deleted by force while no agent ran is a stranger, and nothing comes from its interface', async () => {
    const stranger = await node.addPod('free', 'stranger');
    node.cache('pods').delete('free', 'stranger');
    await node.restart();
    const [{ dev }] = JSON.parse(await mustRun(runCommand, 'ip', ['-j', 'route', 'get', stranger.ip]));
    const set = ['list', 'set', 'inet', 'rempart_test_policies', 'pod_interfaces'];
    assert.ok((await mustRun(runCommand, 'nft', set)).includes(`"${dev}"`));
    await mustRun(runCommand, 'ip', ['-n', 'stranger', 'address', 'add', '203.0.113.7/32', 'dev', 'lo']);
    // Its answer would find no way back: what counts is that the question is dropped.
    await stranger.probe('udp', '10.244.0.1', 22, { from: '203.0.113.7' });
    const chain = await mustRun(runCommand, 'nft', ['list', 'chain', 'inet', 'rempart_test_policies', 'spoofing']);
    assert.match(chain, /packets [1-9]\d* bytes \d+ drop comment "address of another"/);
  });

  test('removal leaves nothing behind', async () => {
    await node.network.stop();
    await removeNetwork(node.settings);
    const { stdout: tables } = await runCommand('nft', ['list', 'tables']);
    assert.doesNotMatch(tables, /rempart/);
    const { stdout: links } = await runCommand('ip', ['link']);
    assert.doesNotMatch(links, /rp-test/);
    assert.equal(readFileSync(forwarding, 'utf8'), '0\n');
    await removeNetwork(node.settings);
  });
}
