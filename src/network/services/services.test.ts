import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inPrivateNetwork } from '../testing/machine.ts';
import { createTestNode } from '../testing/node.ts';

inPrivateNetwork('services carry real packets', import.meta.filename, realPackets);

function realPackets(): void {
  const node = createTestNode();
  const { cache, pod, addService, setEndpoints, eventually } = node;
  before(node.start);
  after(node.end);

  test('a service spreads over its endpoints, from pods and from the node', async () => {
    addService('shop', 'web', '10.96.0.50', [pod('front'), pod('db')]);
    await eventually(/front|db/, () => pod('db').ask('tcp', '10.96.0.50', 80));
    for (const from of ['db', 'node'])
      for (const protocol of ['tcp', 'udp'] as const) {
        const answers = new Set<string | undefined>();
        for (let index = 0; index < 40; index++)
          answers.add((await pod(from).ask(protocol, '10.96.0.50', 80)).split(' ')[0]);
        assert.deepEqual([...answers].sort(), ['db', 'front'], `${protocol} from ${from}`);
      }
  });

  test('a service without endpoints refuses, as does an address that is no service', async () => {
    addService('shop', 'empty', '10.96.0.51', []);
    await eventually(/ECONNREFUSED/, () => pod('front').ask('tcp', '10.96.0.51', 80));
    assert.equal(await pod('node').ask('tcp', '10.96.0.51', 80), 'ECONNREFUSED');
    assert.equal(await pod('front').ask('tcp', '10.96.9.9', 80), 'ECONNREFUSED');
  });

  test('a service of another namespace ends at the island, whatever its address', async () => {
    assert.equal(await pod('spy').probe('tcp', '10.96.0.50', 80), 'timeout');
  });

  test('a node port opens an island to the outside, on that port only, and clients keep their address', async () => {
    addService('shop', 'edge', '10.96.0.52', [pod('front')], { type: 'NodePort' }, { nodePort: 30080 });
    await eventually(/front/, () => pod('outside').ask('tcp', '198.51.100.254', 30080));
    assert.equal(await pod('outside').ask('tcp', '198.51.100.254', 30080), 'front 198.51.100.1');
    assert.equal(await pod('outside').probe('tcp', pod('front').ip, 8081), 'timeout');
    assert.match(await pod('node').ask('tcp', '198.51.100.254', 30080), /^front/);
    cache('services').delete('shop', 'edge');
    await eventually(/timeout|ECONNREFUSED/, () => pod('outside').probe('tcp', '198.51.100.254', 30080));
    assert.equal(await pod('outside').probe('tcp', pod('front').ip, 8080), 'timeout', 'and closes it again');
  });

  test('client affinity keeps a client at one endpoint', async () => {
    addService('shop', 'sticky', '10.96.0.53', [pod('front'), pod('db')], {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    });
    await eventually(/front|db/, () => pod('node').ask('tcp', '10.96.0.53', 80));
    const first = await pod('node').ask('tcp', '10.96.0.53', 80);
    for (let index = 0; index < 12; index++) assert.equal(await pod('node').ask('tcp', '10.96.0.53', 80), first);
    await node.restart();
    for (let index = 0; index < 12; index++)
      assert.equal(await pod('node').ask('tcp', '10.96.0.53', 80), first, 'also after a restart of the process');
    const left = first.startsWith('front') ? 'db' : 'front';
    setEndpoints('shop', 'sticky', [pod(left)]);
    await eventually(new RegExp(`^${left}`), () => pod('node').ask('tcp', '10.96.0.53', 80));
  });

  test('UDP clients follow when their endpoint goes', async () => {
    addService('shop', 'datagrams', '10.96.0.54', [pod('front')]);
    await eventually(/^front/, () => pod('node').probe('udp', '10.96.0.54', 80, { localPort: 40_000 }));
    setEndpoints('shop', 'datagrams', [pod('db')]);
    await eventually(/^db/, () => pod('node').probe('udp', '10.96.0.54', 80, { localPort: 40_000 }));
  });

  test('a pod reaches itself through its own service', async () => {
    addService('shop', 'own', '10.96.0.55', [pod('front')]);
    await eventually(/^front 10.244.0.1/, () => pod('front').ask('tcp', '10.96.0.55', 80));
  });
}
