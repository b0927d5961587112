import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from '../../../test/property.ts';
import { createEvaluator } from '../../policy/policy.ts';
import { mustRun, runCommand } from '../command.ts';
import { inPrivateNetwork } from '../testing/machine.ts';
import { createTestNode } from '../testing/node.ts';
import { testPolicies } from '../testing/policies.ts';
import { worldOf } from './world.ts';

inPrivateNetwork('policies hold against real packets', import.meta.filename, realPackets);

function realPackets(): void {
  const node = createTestNode();
  const { cache, object, pod, addPod, eventually } = node;
  before(node.start);
  after(node.end);

  const allow = (name: string, spec: object) =>
    cache('networkpolicies.networking.k8s.io').set(object('NetworkPolicy', 'shop', name, { spec }));

  test('pods of one namespace reach each other with their own addresses', async () => {
    assert.equal(await pod('front').ask('tcp', pod('db').ip, 8080), `db ${pod('front').ip}`);
    assert.equal(await pod('front').ask('udp', pod('db').ip, 8080), `db ${pod('front').ip}`);
  });

  test('a namespace is an island: others, the node and the outside are out of reach', async () => {
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout');
    assert.equal(await pod('roamer').probe('udp', pod('db').ip, 8080), 'timeout');
    assert.equal(await pod('front').probe('tcp', '198.51.100.1', 443), 'timeout');
    assert.equal(await pod('front').probe('tcp', '198.51.100.254', 22), 'timeout');
  });

  test('a namespace with isolation off reaches the outside, as the node', async () => {
    assert.equal(await pod('roamer').ask('tcp', '198.51.100.1', 443), 'outside 198.51.100.254');
  });

  test('the mode of the protection opens and closes every island at once, while packets flow', async () => {
    const switchTo = (mode: string) =>
      cache('protections.defence.rempart.io').set(object('Protection', '', 'namespace-isolation', { spec: { mode } }));
    switchTo('observe');
    await eventually(/^outside/, () => pod('front').ask('tcp', '198.51.100.1', 443));
    switchTo('deny');
    await eventually(/timeout/, () => pod('front').probe('tcp', pod('db').ip, 8080));
    switchTo('island');
    await eventually(/^db/, () => pod('front').ask('tcp', pod('db').ip, 8080));
    assert.equal(await pod('front').probe('tcp', '198.51.100.1', 443), 'timeout');
  });

  test('an island reaches the API at its service address, from the node only pods may', async () => {
    assert.equal(await pod('front').ask('tcp', '10.96.0.1', 443), `node ${pod('front').ip}`);
    assert.equal(await pod('front').ask('tcp', '10.244.0.1', 6443), `node ${pod('front').ip}`);
    assert.equal(await pod('front').probe('tcp', '10.244.0.1', 22), 'timeout');
    assert.equal(await pod('roamer').probe('tcp', '10.244.0.1', 22), 'timeout', 'isolation off does not open the node');
    assert.equal(await pod('outside').probe('tcp', '10.244.0.1', 6443), 'timeout');
    assert.equal(await pod('outside').probe('tcp', pod('front').ip, 8080), 'timeout');
  });

  test('the outside reaches neither pods nor service addresses, whatever routes it has', async () => {
    assert.equal(await pod('outside').probe('tcp', '10.96.0.1', 443), 'timeout');
    assert.equal(
      await pod('outside').probe('tcp', pod('roamer').ip, 8080),
      `roamer 198.51.100.1`,
      'isolation off is off',
    );
  });

  test('the node reaches every pod: probes', async () => {
    assert.match(await pod('node').ask('tcp', pod('db').ip, 8080), /^db /);
    assert.match(await pod('node').ask('udp', pod('spy').ip, 8080), /^spy /);
  });

  test('a policy opens what it allows and closes the rest of that direction', async () => {
    allow('db', {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] }],
    });
    await eventually(/^db/, () => pod('roamer').ask('tcp', pod('db').ip, 8080));
    assert.equal(await pod('front').probe('udp', pod('db').ip, 8080), 'timeout');
    assert.equal(await pod('spy').probe('tcp', pod('db').ip, 8080), 'timeout', 'the client is an island still');
    allow('out', {
      podSelector: { matchLabels: { app: 'front' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ ipBlock: { cidr: '198.51.100.0/24', except: ['198.51.100.128/25'] } }],
          ports: [{ port: 400, endPort: 500 }],
        },
      ],
    });
    await eventually(/^outside 198.51.100.254/, () => pod('front').ask('tcp', '198.51.100.1', 443));
    assert.equal(
      await pod('front').probe('tcp', pod('db').ip, 8080),
      'timeout',
      'no longer an island, so not its namespace',
    );
    assert.equal(await pod('front').probe('tcp', '10.96.0.1', 443), 'timeout');
  });

  test('errors about an allowed connection come back, although no rule names their protocol', async () => {
    const egress = [{ ports: [{ protocol: 'UDP', port: 9 }] }];
    allow('unreachable', { podSelector: {}, policyTypes: ['Egress'], egress });
    await eventually(/ECONNREFUSED/, () => pod('front').probe('udp', '198.51.100.1', 9));
    cache('networkpolicies.networking.k8s.io').delete('shop', 'unreachable');
  });

  test('a policy that tightens cuts the connections it no longer allows, and only those', async () => {
    cache('networkpolicies.networking.k8s.io').delete('shop', 'out');
    await eventually(/^db/, () => pod('front').open(pod('db').ip, 8080));
    assert.match(await pod('roamer').open(pod('db').ip, 8080), /^db/);
    allow('db', {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'front' } } }] }],
    });
    await eventually(/timeout/, () => pod('roamer').say(pod('db').ip, 8080));
    assert.match(await pod('front').say(pod('db').ip, 8080), /^db/);
  });

  test('a pod cannot send with the address of another, nor over IPv6', async () => {
    const { stdout } = await runCommand('ip', ['-n', 'spy', '-j', 'link', 'show', 'eth0']);
    assert.match(stdout, /eth0/);
    await mustRun(runCommand, 'ip', ['-n', 'roamer', 'address', 'add', `${pod('front').ip}/32`, 'dev', 'lo']);
    assert.equal(await pod('roamer').probe('tcp', pod('db').ip, 8080, { from: pod('front').ip }), 'timeout');
    await mustRun(runCommand, 'ip', ['-n', 'roamer', 'address', 'delete', `${pod('front').ip}/32`, 'dev', 'lo']);
    const { stdout: counters } = await runCommand('nft', [
      'list',
      'chain',
      'inet',
      'rempart_test_policies',
      'spoofing',
    ]);
    assert.match(counters, /packets [1-9]\d* bytes \d+ drop comment "address of another"/);
  });

  test('before its rules are in the kernel nothing reaches or leaves a pod', async () => {
    const late = await addPod('free', 'late', {}, false);
    assert.equal(await late.probe('tcp', '198.51.100.1', 443), 'timeout');
    assert.equal(await late.probe('tcp', '10.96.0.1', 443), 'timeout');
    assert.equal(await pod('roamer').probe('tcp', late.ip, 8080), 'timeout');
    await node.network.podNetworkReady(cache('pods').get('free', 'late')!, late.ip);
    assert.equal(await late.ask('tcp', '198.51.100.1', 443), 'outside 198.51.100.254');
    assert.equal(await pod('roamer').ask('tcp', late.ip, 8080), `late ${pod('roamer').ip}`);
    await node.network.podNetworkGone(cache('pods').get('free', 'late')!, late.ip);
    await eventually(/timeout/, () => late.probe('tcp', '198.51.100.1', 443));
  });

  test('the kernel lets pass what the evaluator allows, and nothing else', async () => {
    const names = ['front', 'db', 'spy', 'roamer'];
    const policies = cache('networkpolicies.networking.k8s.io');
    for (const policy of policies.list()) policies.delete(policy.metadata.namespace!, policy.metadata.name);
    const samples = fc.sample(fc.array(testPolicies(['shop', 'other', 'free'], 8080), { minLength: 1, maxLength: 4 }), {
      seed: 7,
      numRuns: 8,
    });
    for (const sample of samples) {
      sample.forEach(({ metadata, spec }, index) => {
        policies.set(object('NetworkPolicy', metadata.namespace!, `random-${index}`, { spec: spec! }));
      });
      // The readiness of a pod that comes waits for the kernel to have everything until now.
      const front = cache('pods').get('shop', 'front')!;
      await node.network.podNetworkGone(front, pod('front').ip);
      await node.network.podNetworkReady(front, pod('front').ip);
      const { world } = worldOf(node.caches, new Map(), { name: 'elsewhere', addresses: [] }, [], 'island');
      const { evaluate } = createEvaluator(world);
      const keyOf = (name: string) => ({
        pod: `${
          cache('pods')
            .list()
            .find(({ metadata }) => metadata.name === name)!.metadata.namespace
        }/${name}`,
      });
      const questions = names.flatMap((from) =>
        names.flatMap((to) => (['tcp', 'udp'] as const).map((protocol) => ({ from, to, protocol }))),
      );
      const answers = await Promise.all(
        questions.map(({ from, to, protocol }) => pod(from).probe(protocol, pod(to).ip, 8080, { timeoutMs: 1000 })),
      );
      questions.forEach(({ from, to, protocol }, index) => {
        const { allowed } = evaluate(keyOf(from), keyOf(to), protocol.toUpperCase() as 'TCP', 8080);
        assert.equal(
          answers[index] !== 'timeout',
          allowed,
          `${protocol} from ${from} to ${to}: ${JSON.stringify(sample)}`,
        );
      });
    }
  });
}
