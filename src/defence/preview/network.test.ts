import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import type { Flow } from '../../api/observations/observation.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { createEvaluator, type Party, podKey, type World } from '../../policy/policy.ts';
import { modelAllows } from '../../policy/testing/model.ts';
import { portNumber, worlds } from '../../policy/testing/worlds.ts';
import type { Manifest } from '../contract.ts';
import { type Change, withChanges } from '../snapshot/snapshot.ts';
import { worldOfSnapshot } from '../snapshot/world.ts';
import { calico } from '../testing/worlds.ts';
import type { Outcome } from './impact.ts';
import { othersMax } from './network/holds.ts';
import { preview, subjectText } from './preview.ts';
import {
  clusterOf,
  flow,
  namespace,
  object,
  objectsOf,
  policy,
  running,
  template,
  watched,
} from './testing/cluster.ts';
import { ofOutcome, onlyFront, seen, shop } from './testing/shop.ts';

test('a policy that would cut the API from its database names exactly that flow, what decides, and what would help', () => {
  const { impacts, undo, coverage } = preview(shop, [{ put: onlyFront }], seen, 0);
  assert.deepEqual(ofOutcome(impacts, 'breaks'), ['Deployment shop/api → Deployment shop/database TCP 6379']);
  assert.deepEqual(ofOutcome(impacts, 'safe'), ['Deployment shop/front → Deployment shop/api TCP 8080']);
  const [cut] = impacts;
  assert.match(cut!.why, /ingress of Deployment shop\/database: NetworkPolicy shop\/database selects it and no rule/);
  assert.deepEqual(cut!.by, ['NetworkPolicy shop/database']);
  assert.equal(cut!.seen?.count, 1);
  assert.deepEqual(undo, [
    { remove: { kind: 'NetworkPolicy.networking.k8s.io', namespace: 'shop', name: 'database' } },
  ]);
  assert.equal(coverage.judged['flow'], 2);
  const mended = preview(shop, cut!.allowance!.changes, seen, 0);
  assert.deepEqual(ofOutcome(mended.impacts, 'breaks'), []);
  const [rule] = (cut!.allowance!.changes[0] as { put: any }).put.spec.ingress.slice(-1);
  assert.deepEqual(rule, {
    from: [{ podSelector: { matchLabels: { app: 'api' } } }],
    ports: [{ protocol: 'TCP', port: 6379 }],
  });
});

test('what passes before and after a change, and not until its pods are made anew, is not safe', () => {
  const relabelled = structuredClone(
    shop.objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'api')!,
  );
  Object.assign(relabelled['spec'].template.metadata.labels, { database: 'yes' });
  const asking = policy('database', {
    podSelector: { matchLabels: { app: 'database' } },
    ingress: [{ from: [{ podSelector: { matchLabels: { database: 'yes' } } }], ports: [{ port: 6379 }] }],
  });
  const toDatabase = (changes: Change[]) =>
    preview(shop, changes, seen, 0).impacts.find(({ subject }) =>
      subjectText(subject).includes('→ Deployment shop/database'),
    )!;
  const both = toDatabase([{ put: relabelled }, { put: asking }]);
  assert.equal(both.outcome, 'unknown');
  assert.match(both.why, /refused until its pods are made anew: ingress of Deployment shop\/database/);
  assert.equal(toDatabase([{ put: relabelled }]).outcome, 'safe', 'nothing asks for the label yet');
  assert.equal(toDatabase([{ put: asking }]).outcome, 'breaks');
});

test('an allowance that cannot be held against all that was seen of the pods it selects is none', () => {
  const broken = flow('api', 'database', 6379);
  const outside = (number: number): Flow => ({
    ...broken,
    from: { type: 'address', address: `192.0.${Math.floor(number / 250)}.${number % 250}` },
  });
  const isAllowed = (others: Flow[]) =>
    preview(shop, [{ put: onlyFront }], watched({ flows: [broken, ...others] }), 0).impacts.some(
      ({ subject, allowance }) => subjectText(subject).startsWith('Deployment shop/api') && allowance !== undefined,
    );
  const many = Array.from({ length: othersMax }, (_, number) => outside(number));
  assert.ok(isAllowed(many.slice(1)));
  assert.ok(!isAllowed(many));
  const elsewhere = many.map((each) => ({ ...each, to: flow('front', 'api', 8080).to }));
  assert.ok(isAllowed(elsewhere), 'the policy selects none of these');
});

test('ports that change are said once, however many ends they are of', () => {
  const egressTo = (...egress: object[]) =>
    policy('database', { podSelector: { matchLabels: { app: 'database' } }, policyTypes: ['Egress'], egress });
  const opened = (...egress: object[]) => {
    const closed = withChanges(shop, [{ put: egressTo() }]);
    const { impacts } = preview(closed, [{ put: egressTo(...egress) }], seen, 0);
    return impacts.flatMap(({ why }) => /\) on (.*): refused now/.exec(why)?.[1] ?? []);
  };
  assert.deepEqual(opened({}), ['TCP 8080 and all other ports']);
  assert.deepEqual(opened({ ports: [{ protocol: 'TCP', port: 1, endPort: 65_535 }, { protocol: 'UDP' }] }), [
    'TCP 8080 and all other TCP and UDP ports',
  ]);
  assert.deepEqual(opened({ ports: [{ protocol: 'UDP' }, { protocol: 'TCP', port: 443 }] }), [
    'TCP 443 and all UDP ports',
    'ports that nobody declares',
  ]);
  const outside = [{ ipBlock: { cidr: '192.0.2.0/24' } }];
  assert.deepEqual(opened({ to: outside }), ['all ports']);
  assert.deepEqual(opened({ to: outside, ports: [{ port: 443 }, { port: 80 }] }), ['TCP 80, TCP 443']);
  assert.deepEqual(opened({ ports: [{ port: 8080 }, { port: 9000 }] }), ['TCP 8080, TCP 9000']);
  assert.deepEqual(opened({ ports: [{ port: 8000, endPort: 8999 }] }), ['TCP 8000-8999']);
});

test('removing a policy opens: the pairs that gain reach are told', () => {
  const closed = withChanges(shop, [{ put: onlyFront }]);
  const remove: Change = { remove: { kind: 'NetworkPolicy.networking.k8s.io', namespace: 'shop', name: 'database' } };
  const { impacts, undo } = preview(closed, [remove], seen, 0);
  assert.deepEqual(ofOutcome(impacts, 'breaks'), []);
  assert.ok(ofOutcome(impacts, 'opens').includes('Deployment shop/api → Deployment shop/database TCP 6379'));
  assert.ok(ofOutcome(impacts, 'opens').includes('to Deployment shop/database'));
  assert.deepEqual(undo, [{ put: { ...onlyFront, metadata: { namespace: 'shop', name: 'database' } } }]);
});

test('isolation by the label of a namespace cuts what comes from another; the allowance keeps the island whole', () => {
  const metrics = {
    ...running('scraper', 1, ['10.0.0.9'])[2]!,
    metadata: { namespace: 'metrics', name: 'scraper', labels: { app: 'scraper' } },
  };
  const open = clusterOf([...shop.objects, namespace('metrics', { 'rempart.io/isolation': 'off' }), metrics]);
  const off = withChanges(open, [{ put: namespace('shop', { 'rempart.io/isolation': 'off' }) }]);
  const scrape = flow('scraper', 'api', 8080, {
    from: { type: 'pod', namespace: 'metrics', name: 'scraper', labels: { app: 'scraper' } },
  });
  const observed = watched({ flows: [...seen.flows, scrape] });
  const { impacts } = preview(off, [{ put: namespace('shop') }], observed, 0);
  assert.deepEqual(ofOutcome(impacts, 'breaks'), ['pod metrics/scraper → Deployment shop/api TCP 8080']);
  const { allowance } = impacts[0]!;
  const mended = preview(off, [{ put: namespace('shop') }, ...allowance!.changes], observed, 0);
  assert.deepEqual(ofOutcome(mended.impacts, 'breaks'), []);
});

test('flows of pods that are gone are judged by their workload, or by their labels', () => {
  const gone = flow('api', 'database', 6379);
  Object.assign(gone.from, { name: 'api-0-old', labels: { app: 'api', 'pod-template-hash': '0' } });
  const stranger = flow('job', 'database', 6379);
  const { impacts } = preview(shop, [{ put: onlyFront }], watched({ flows: [gone, stranger] }), 0);
  assert.deepEqual(ofOutcome(impacts, 'breaks'), [
    'Deployment shop/api → Deployment shop/database TCP 6379',
    'Deployment shop/job (gone) → Deployment shop/database TCP 6379',
  ]);
});

test('a changed template, an emptied and a removed workload change flows, too', () => {
  const [database] = running('database', 6379, ['10.0.0.5']);
  const closed = withChanges(shop, [
    {
      put: policy('database', {
        podSelector: {},
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }],
      }),
    },
  ]);
  const relabelled = structuredClone(running('api', 8080, [])[0]!);
  relabelled['spec'].template.metadata.labels = { app: 'api2' };
  const observed = watched({ flows: [flow('api', 'database', 6379)] });
  const cut = ['Deployment shop/api → Deployment shop/database TCP 6379'];
  assert.deepEqual(ofOutcome(preview(closed, [{ put: relabelled }], observed, 0).impacts, 'breaks'), []);
  relabelled['spec'].replicas = 2;
  assert.deepEqual(ofOutcome(preview(closed, [{ put: relabelled }], observed, 0).impacts, 'breaks'), cut);
  const emptied = { ...database!, spec: { ...database!['spec'], replicas: 0 } };
  assert.deepEqual(ofOutcome(preview(shop, [{ put: emptied }], observed, 0).impacts, 'breaks'), cut);
  const remove: Change = { remove: { kind: 'Deployment.apps', namespace: 'shop', name: 'database' } };
  assert.deepEqual(ofOutcome(preview(shop, [remove], observed, 0).impacts, 'breaks'), cut);
});

test('elsewhere than on our clusters, pods that only an ipBlock lets in are not known to be', () => {
  const blocks = policy('db', {
    ...{ podSelector: { matchLabels: { app: 'db' } }, policyTypes: ['Ingress'] },
    ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }],
  });
  const objects = [namespace('shop'), ...running('api', 80, ['10.0.0.1']), ...running('db', 5432, ['10.0.0.2'])];
  const plugin = object('apps/v1', 'DaemonSet', 'cilium', { spec: { template: template('cilium', 1) } });
  const seen = watched({ flows: [flow('api', 'db', 5432)] });
  const toldOf = (closedByDefault: boolean) =>
    preview(clusterOf([...objects, plugin], { closedByDefault }), [{ put: blocks }], seen, 0);
  const outcomeOf = (told: ReturnType<typeof preview>) =>
    told.impacts.find(({ subject }) => subject.type === 'flow')?.outcome;
  assert.equal(outcomeOf(toldOf(true)), 'safe');
  const elsewhere = toldOf(false);
  assert.equal(outcomeOf(elsewhere), 'unknown');
  assert.match(
    elsewhere.coverage.notAssessed.join(),
    /ipBlocks of NetworkPolicy shop\/db: whether they are about pods/,
  );
});

const party = (pod: { namespace: string; name: string }): Party => ({ pod: podKey(pod) });

test('where other policies decide, too, only what stays as it is is safe, and nothing is known to break', () => {
  const of = (at: string) => {
    const other = object('cilium.io/v2', 'CiliumNetworkPolicy', 'p', {}, { namespace: at });
    return clusterOf([calico, ...shop.objects, other], { closedByDefault: false });
  };
  const { impacts, coverage } = preview(of('shop'), [{ put: onlyFront }], seen, 0);
  assert.deepEqual(ofOutcome(impacts, 'breaks'), []);
  assert.deepEqual(ofOutcome(impacts, 'safe'), ['Deployment shop/front → Deployment shop/api TCP 8080']);
  const cut = impacts.find(({ subject }) => subject.type === 'flow')!;
  assert.match(cut.why, /no rule allows this; but CiliumNetworkPolicy.cilium.io of namespace shop: 1 also decides/);
  assert.match(coverage.notAssessed.join(), /CiliumNetworkPolicy.cilium.io of namespace shop/);
  // What it allows by name it may be the only one to allow.
  const named = { put: policy('api', { podSelector: { matchLabels: { app: 'api' } }, ingress: [{}] }) };
  assert.deepEqual(ofOutcome(preview(of('shop'), [named], seen, 0).impacts, 'safe'), [
    'Deployment shop/api → Deployment shop/database TCP 6379',
  ]);
  assert.deepEqual(ofOutcome(preview(of('b'), [{ put: onlyFront }], seen, 0).impacts, 'breaks').length, 1);
});

test('where nothing is seen that enforces policies, what they cut is not known to break', () => {
  const cut = (...objects: Manifest[]) => {
    const cluster = clusterOf([...shop.objects, ...objects], { closedByDefault: false });
    return preview(cluster, [{ put: onlyFront }], seen, 0).impacts.find(({ subject }) => subject.type === 'flow')!;
  };
  assert.equal(cut(calico).outcome, 'breaks');
  assert.ok(cut(calico).allowance);
  assert.equal(cut().outcome, 'unknown');
  assert.deepEqual(cut().allowance, cut(calico).allowance);
  assert.match(cut().why, /no rule allows this; but whether anything enforces NetworkPolicies is not known/);
});

test('whatever the world and the change, each flow is judged as the documentation of NetworkPolicy reads', () => {
  const flows = fc.array(fc.record({ from: fc.nat(6), to: fc.nat(6), port: portNumber }), { maxLength: 6 });
  fc.assert(
    fc.property(worlds, worlds, flows, (world, other, drawn) => {
      const before = clusterOf(objectsOf({ ...world, exposures: [] }));
      const changes: Change[] = [
        ...other.policies.map(
          (item, index): Change => ({ put: policy(`p${index}`, item.spec!, item.metadata.namespace) }),
        ),
        ...other.namespaces.slice(0, 1).map(({ name, labels }): Change => ({ put: namespace(name, labels) })),
      ];
      const end = (index: number) => world.pods[index % world.pods.length]!;
      const observed: Flow[] = drawn.map(({ from, to, port }) => ({
        ...{ from: { type: 'pod', ...end(from) }, to: { type: 'pod', ...end(to) }, protocol: 'TCP', port },
        ...{ allowed: true, firstMs: 0, lastMs: 0, count: 1 },
      }));
      const { impacts } = preview(before, changes, watched({ flows: observed }), 0);
      const now = worldOfSnapshot(before).world;
      const then = worldOfSnapshot(withChanges(before, changes)).world;
      for (const { from, to, port } of drawn) {
        const allows = (at: World) => {
          const find = (index: number) => at.pods.find((pod) => podKey(pod) === podKey(end(index)))!;
          return modelAllows(at, find(from), find(to), 'TCP', port);
        };
        const expected: Outcome = allows(then) ? (allows(now) ? 'safe' : 'opens') : allows(now) ? 'breaks' : 'unknown';
        const text = `pod ${podKey(end(from))} → pod ${podKey(end(to))} TCP ${port}`;
        assert.ok(
          impacts.some(({ outcome, subject }) => outcome === expected && subjectText(subject) === text),
          text,
        );
      }
    }),
    { numRuns: 150 },
  );
});

test('whatever is allowed for a flow lets it pass and breaks nothing else that was seen', () => {
  fc.assert(
    fc.property(worlds, worlds, portNumber, (world, other, port) => {
      const before = clusterOf(objectsOf({ ...world, exposures: [] }));
      const changes = other.policies.map(
        (item, index): Change => ({ put: policy(`p${index}`, item.spec!, item.metadata.namespace) }),
      );
      const observed = world.pods.flatMap((from) =>
        world.pods.map(
          (to): Flow => ({
            ...{ from: { type: 'pod', ...from }, to: { type: 'pod', ...to }, protocol: 'TCP', port },
            ...{ allowed: true, firstMs: 0, lastMs: 0, count: 1 },
          }),
        ),
      );
      const { impacts } = preview(before, changes, watched({ flows: observed }), 0);
      for (const { allowance, subject } of impacts.filter((impact) => impact.allowance)) {
        const [, from, to] = /^pod (\S+) → pod (\S+)/.exec(subjectText(subject))!;
        const mended = worldOfSnapshot(withChanges(withChanges(before, changes), allowance!.changes)).world;
        const plain = worldOfSnapshot(withChanges(before, changes)).world;
        const pods = (world: World, key: string) => world.pods.find((pod) => podKey(pod) === key)!;
        assert.ok(modelAllows(mended, pods(mended, from!), pods(mended, to!), 'TCP', port), allowance!.text);
        for (const { from: a, to: b } of observed as any[])
          if (modelAllows(plain, pods(plain, podKey(a)), pods(plain, podKey(b)), 'TCP', port))
            assert.ok(
              modelAllows(mended, pods(mended, podKey(a)), pods(mended, podKey(b)), 'TCP', port),
              allowance!.text,
            );
      }
    }),
    { numRuns: 60 },
  );
});

test('when any pair can no longer connect, or can from then on, it is told whoever watched', () => {
  fc.assert(
    fc.property(worlds, worlds, (world, other) => {
      const before = clusterOf(objectsOf({ ...world, exposures: [] }));
      const changes = other.policies.map(
        (item, index): Change => ({ put: policy(`p${index}`, item.spec!, item.metadata.namespace) }),
      );
      const { impacts } = preview(before, changes, noObservations(), 0);
      const now = createEvaluator(worldOfSnapshot(before).world);
      const then = createEvaluator(worldOfSnapshot(withChanges(before, changes)).world);
      const ports = [
        ...new Set(world.pods.flatMap((pod) => pod.ports.map(({ protocol, port }) => `${protocol} ${port}`))),
      ];
      let lost = false;
      let gained = false;
      for (const from of world.pods)
        for (const to of world.pods.filter((pod) => pod !== from))
          for (const text of ports.filter((text) =>
            to.ports.some(({ protocol, port }) => text === `${protocol} ${port}`),
          )) {
            const [protocol, port] = text.split(' ') as ['TCP', string];
            const was = now.evaluate(party(from), party(to), protocol, Number(port)).allowed;
            const will = then.evaluate(party(from), party(to), protocol, Number(port)).allowed;
            if (was && !will) lost = true;
            if (!was && will) gained = true;
          }
      if (lost)
        assert.ok(
          impacts.some(({ outcome }) => outcome === 'unknown'),
          'lost reach is told',
        );
      if (gained)
        assert.ok(
          impacts.some(({ outcome }) => outcome === 'opens'),
          'gained reach is told',
        );
    }),
    { numRuns: 150 },
  );
});

test('ten thousand policies’ worth of names in a change do not make it explode', () => {
  const rules = Array.from({ length: 2000 }, (_, index) => ({
    from: [{ podSelector: { matchLabels: { [`k${index}`]: 'v' } } }],
  }));
  const { impacts } = preview(shop, [{ put: policy('wide', { podSelector: {}, ingress: rules }) }], seen, 0);
  assert.equal(ofOutcome(impacts, 'breaks').length, 2);
});

test('DNS of the cluster is called by its name, and allowed as its users write it', () => {
  const slice = object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    'kube-dns',
    { endpoints: [{ addresses: ['10.0.0.254'] }], ports: [{ port: 53 }] },
    { namespace: 'kube-system', labels: { 'kubernetes.io/service-name': 'kube-dns' } },
  );
  const ports = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }));
  const dns = object(
    'v1',
    'Service',
    'kube-dns',
    { spec: { clusterIP: '10.96.0.10', ports } },
    { namespace: 'kube-system' },
  );
  const at = clusterOf([...shop.objects, namespace('kube-system'), dns, slice]);
  const asks = flow('api', 'node', 53, { to: { type: 'node', name: 'n1', address: '10.0.0.254' }, protocol: 'UDP' });
  const mute = policy('mute', { podSelector: {}, policyTypes: ['Egress'] });
  const { impacts } = preview(at, [{ put: mute }], watched({ flows: [asks] }), 0);
  assert.deepEqual(ofOutcome(impacts, 'breaks'), ['Deployment shop/api → the cluster’s dns UDP 53']);
  const { put } = impacts[0]!.allowance!.changes[0] as { put: any };
  assert.deepEqual(put.spec.egress[0].to, [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ]);
  assert.ok(
    !impacts.some(({ why }) => /^Deployment shop\/api → the cluster’s dns \(1 pair\) on UDP 53/.test(why)),
    'it is told once',
  );
});
