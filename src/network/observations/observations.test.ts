import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Flow, FlowEnd } from '../../api/observations/observation.ts';
import { mustRun, runCommand } from '../command.ts';
import { inPrivateNetwork } from '../testing/machine.ts';
import { createTestNode } from '../testing/node.ts';

inPrivateNetwork('real packets are observed', import.meta.filename, realPackets);

function realPackets(): void {
  const node = createTestNode();
  const { pod, addService, object, cache } = node;
  before(node.start);
  after(node.end);

  const nameOf = (end: FlowEnd) => (end.type === 'pod' ? `${end.namespace}/${end.name}` : end.address);
  const text = ({ from, to, protocol, port, count, drop }: Flow) =>
    `${nameOf(from)} > ${nameOf(to)} ${protocol} ${port} ${drop ? `${drop.side} ${drop.why} ${drop.by}` : 'seen'} ${count}`;

  /** What is reported of all that happened since the last call, without what an earlier process left behind. */
  async function observed(): Promise<Flow[]> {
    node.reports.length = 0;
    await node.restart();
    return node.reports.filter(({ resumes }) => !resumes).flatMap(({ flows }) => flows);
  }

  test('connections are told by the pods at both ends, also through a service, each with how often', async () => {
    addService('shop', 'db', '10.96.0.60', [pod('db')]);
    await node.eventually(/^db/, () => pod('front').ask('tcp', '10.96.0.60', 80));
    await observed();
    for (let time = 0; time < 3; time++) await pod('front').ask('tcp', '10.96.0.60', 80);
    await pod('front').ask('udp', pod('db').ip, 8080);
    await pod('roamer').ask('tcp', '198.51.100.1', 443);
    await pod('spy').ask('udp', '10.96.0.10', 53);
    await pod('outside').ask('tcp', pod('roamer').ip, 8080);
    const flows = (await observed()).map(text).sort();
    assert.deepEqual(flows, [
      '198.51.100.1 > free/roamer TCP 8080 seen 1',
      'free/roamer > 198.51.100.1 TCP 443 seen 1',
      'other/spy > 10.244.0.1 UDP 53 seen 1',
      'shop/front > shop/db TCP 8080 seen 3',
      'shop/front > shop/db UDP 8080 seen 1',
    ]);
  });

  test('drops are told with whose rules they were, and what would have let them pass', async () => {
    await observed();
    const spec = {
      podSelector: { matchLabels: { app: 'db' } },
      ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 5432 }] }],
    };
    cache('networkpolicies.networking.k8s.io').set(object('NetworkPolicy', 'shop', 'db', { spec }));
    await node.eventually(/timeout/, () => pod('front').probe('tcp', pod('db').ip, 8080));
    await pod('spy').probe('tcp', pod('db').ip, 8080);
    await pod('roamer').probe('udp', pod('db').ip, 53);
    await pod('front').probe('tcp', '10.244.0.1', 22);
    await pod('outside').probe('tcp', pod('db').ip, 5432);
    await mustRun(runCommand, 'ip', ['-n', 'roamer', 'address', 'add', '10.244.0.77/32', 'dev', 'lo']);
    await pod('roamer').probe('udp', pod('db').ip, 8080, { from: '10.244.0.77' });
    await mustRun(runCommand, 'ip', ['-n', 'roamer', 'address', 'delete', '10.244.0.77/32', 'dev', 'lo']);
    const drops = (await observed()).filter(({ allowed }) => !allowed);
    const texts = drops.map((flow) => text({ ...flow, count: 0 }));
    for (const expected of [
      'shop/front > shop/db TCP 8080 ingress policy shop/db 0',
      'other/spy > shop/db TCP 8080 egress island  0',
      'free/roamer > shop/db UDP 53 ingress policy shop/db 0',
      'shop/front > 10.244.0.1 TCP 22 node node guard  0',
      '198.51.100.1 > shop/db TCP 5432 ingress policy shop/db 0',
    ])
      assert.ok(texts.includes(expected), `${expected}\nis not in\n${texts.join('\n')}`);
    const of = (start: string) => drops.find((flow) => text(flow).startsWith(start))!.drop!;
    assert.equal(of('shop/front > shop/db').nearest, 'shop/db ingress[0] allows this source, but only on TCP 5432');
    assert.equal(of('198.51.100.1 >').nearest, 'shop/db ingress[0] allows this port for another source');
    assert.match(
      of('other/spy >').allowance!,
      /^in other, a policy for the pod spy with egress to pods app=db of .* TCP 8080; and in shop/,
    );
    assert.ok(
      drops.some(({ from, drop }) => drop?.why === 'spoofing' && nameOf(from) === 'free/roamer'),
      texts.join('\n'),
    );
    cache('networkpolicies.networking.k8s.io').delete('shop', 'db');
  });

  test('nothing is forgotten while the process is away, and an address is told by who had it then', async () => {
    await node.eventually(/^db/, () => pod('front').ask('tcp', pod('db').ip, 8080));
    await observed();
    await node.network.stop();
    await pod('spy').ask('udp', '10.96.0.10', 53);
    node.reports.length = 0;
    await node.restart();
    await node.restart();
    const [{ resumes, fromMs, toMs, flows } = assert.fail('no report')] = node.reports;
    assert.ok(resumes && toMs - fromMs >= 600_000);
    assert.ok(flows.map(text).includes('other/spy > 10.244.0.1 UDP 53 seen 1'), flows.map(text).join('\n'));
  });
}
