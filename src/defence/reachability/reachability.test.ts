import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { loadManifests } from '../manifests/load.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { type Source, snapshotOf } from '../source.ts';
import { reachReport } from './report.ts';

const manifests = (...documents: string[]): Source => {
  const loaded = loadManifests('-', () => Buffer.from(documents.join('\n---\n')));
  const snapshot = snapshotOf(loaded, { minor: 36, nowMs: 0 });
  return { snapshot, loaded, observations: noObservations(), about: 'a test', close() {} };
};
const deployment = (name: string, port = 8080) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, ports: [{ name: http, containerPort: ${port} }] }] }`;
const service = (name: string, target: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ port: 80, targetPort: ${target} }] }`;
const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: api, namespace: shop }
spec:
  podSelector: { matchLabels: { app: api } }
  ingress:
    - from:
        - podSelector: { matchLabels: { app: front } }
        - ipBlock: { cidr: 203.0.113.0/24 }
      ports: [{ port: http }]`;
const shop = manifests(deployment('front'), deployment('api'), service('api', 'http'), policy);

test('yes, with the rule that allows and its line; no, with what isolates and what is missing', () => {
  const yes = reachReport(shop, 'shop/deployment/front', 'shop/deployment/api:http');
  assert.equal(yes.exitCode, 0);
  assert.match(yes.text, /^yes: shop\/deployment\/front → shop\/deployment\/api on TCP 8080\n/);
  assert.match(yes.text, /allowed by NetworkPolicy shop\/api spec\.ingress\[0\]\.from\[0\] \(-:29\)/);
  const no = reachReport(shop, 'shop/deployment/front', 'shop/deployment/api:22');
  assert.equal(no.exitCode, 2);
  assert.match(no.text, /isolated by shop\/api, and no rule allows it\n.*nearest: .*spec\.ingress\[0\]\.from\[0\]/);
  assert.match(no.text, /port: it allows TCP http, this is TCP 22/);
});

test('a Service leads to the ports of its pods; one without pods, or with a name they do not have, is unknown', () => {
  assert.match(reachReport(shop, 'shop/deployment/front', 'shop/service/api').text, /^yes: .* on TCP 8080\n/);
  const empty = manifests(deployment('front'), service('api', 'http'));
  assert.match(reachReport(empty, 'shop/deployment/front', 'shop/service/api').text, /^unknown: .*\n {2}no pod stands/);
  const unnamed = manifests(deployment('front'), deployment('api'), service('api', 'metrics'));
  const { exitCode, text } = reachReport(unnamed, 'shop/deployment/front', 'shop/service/api:80');
  assert.deepEqual([exitCode, /has no port of the name/.test(text)], [3, true]);
  assert.equal(reachReport(shop, 'shop/deployment/front', 'shop/deployment/api:metrics').exitCode, 3);
});

test('the Internet is as many addresses as policies tell apart', () => {
  const { json, exitCode } = reachReport(shop, 'internet', 'shop/deployment/api:8080');
  assert.equal(json.version, 2);
  assert.equal(exitCode, 2);
  assert.equal((json as { verdict?: string }).verdict, 'mixed');
  assert.equal(reachReport(shop, '203.0.113.7', 'shop/deployment/api:8080').exitCode, 0);
  assert.equal(reachReport(shop, '203.0.114.7', 'shop/deployment/api:8080').exitCode, 2);
  assert.match(reachReport(shop, 'internet', 'shop/deployment/front:8080').text, /^yes: .*\n(.*\n)*yes: /);
});

test('everything that is reached, and everybody who reaches', () => {
  const reached = reachReport(shop, 'shop/deployment/front', 'everywhere').text;
  assert.match(reached, /shop\/deployment\/api +TCP 8080\n/);
  assert.match(reached, /shop\/deployment\/front +all\n/);
  const reachers = reachReport(shop, 'everyone', 'shop/deployment/api').text;
  assert.match(reachers, /shop\/deployment\/front +TCP 8080\n/);
  assert.match(reachers, /addresses 203\.0\.113\.0-203\.0\.113\.255 +TCP 8080\n/);
  assert.doesNotMatch(reachers, /^ +shop\/deployment\/api/m);
});

test('policies that were not read leave every answer unknown', () => {
  const snapshot = createSnapshot({
    ...shop.snapshot,
    unread: [{ kind: 'NetworkPolicy.networking.k8s.io', why: 'forbidden' }],
  });
  const { exitCode, text } = reachReport({ ...shop, snapshot }, 'shop/deployment/front', 'shop/deployment/api:8080');
  assert.equal(exitCode, 3);
  assert.match(text, /^unknown: .*\n {2}NetworkPolicy\.networking\.k8s\.io could not be read: forbidden/);
  const unfit = policy.replace('{ matchLabels: { app: front } }', '{ matchExpressions: 5 }');
  const noYaml = policy.replace('{ app: front }', '{ app: front');
  for (const broken of [unfit, noYaml]) {
    const { exitCode } = reachReport(
      manifests(deployment('front'), deployment('api'), broken),
      'shop/deployment/front',
      'shop/deployment/api:8080',
    );
    assert.equal(exitCode, 3, broken);
  }
});

test('a policy that an API server would refuse is no policy, and no answer rests on it', () => {
  const [front, api] = [deployment('front'), deployment('api')];
  for (const [written, refused] of [
    ['ports: [{ port: http }]', 'ports: [{ port: http, endPort: 9000 }]'],
    ['ports: [{ port: http }]', 'ports: [{ port: 8080, endPort: 80 }]'],
    ['ports: [{ port: http }]', 'ports: [{ endPort: 9000 }]'],
    ['cidr: 203.0.113.0/24', 'cidr: 203.0.113.0/24, except: [198.51.100.0/24]'],
    ['- ipBlock:', '- podSelector: {}\n          ipBlock:'],
  ] as const) {
    const { exitCode, text } = reachReport(
      manifests(front, api, policy.replace(written, refused)),
      'shop/deployment/front',
      'shop/deployment/api:8080',
    );
    assert.equal(exitCode, 3, refused);
    assert.match(text, /an API server would refuse it \(spec\.ingress\[0\]/);
  }
});

test('the port of a headless Service is the port of its pods: nothing turns it into the target port', () => {
  const headless = service('api', 'http').replace('{ selector', '{ clusterIP: None, selector');
  const world = manifests(deployment('front'), deployment('api'), headless, policy);
  const { exitCode, text } = reachReport(world, 'shop/deployment/front', 'shop/service/api');
  assert.equal(exitCode, 2);
  assert.match(text, /^no: .* on TCP 80\n/);
});

test('a question that stands for more than a thousand is refused', () => {
  const blocks = Array.from({ length: 199 }, (_, at) => `{ ipBlock: { cidr: 203.0.${at}.0/24 } }`);
  const many = policy
    .replace('- ipBlock: { cidr: 203.0.113.0/24 }', '')
    .replace('from:', `from: [${blocks}]\n      x:`);
  const withPorts = (count: number) => {
    const ports = Array.from({ length: count }, (_, at) => `{ containerPort: ${at + 1} }`);
    return manifests(deployment('api').replace('{ name: http, containerPort: 8080 }', ports.join(', ')), many);
  };
  const { json } = reachReport(withPorts(5), 'internet', 'shop/deployment/api');
  assert.equal((json as { answers?: object[] }).answers?.length, 1000);
  assert.throws(() => reachReport(withPorts(6), 'internet', 'shop/deployment/api'), /1200 questions, more than 1000/);
});

test('what does not exist, or is no end, is wrong use', () => {
  for (const [from, to] of [
    ['shop/none', 'shop/deployment/api'],
    ['shop/deployment/api', 'shop/service/none'],
    ['shop/deployment/api', 'internet'],
    ['shop/deployment/api', 'shop/deployment/api:80/QUIC'],
    ['shop/deployment/api', '10.0.0.1:99999'],
    ['everyone', 'everywhere'],
  ])
    assert.throws(() => reachReport(shop, from!, to!), UsageError, `${from} ${to}`);
});
