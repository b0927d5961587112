import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import type { Manifest } from '../contract.ts';
import { reachReport } from '../reachability/report.ts';
import { calico, clusterOf, namespace, pod } from '../testing/worlds.ts';
import { otherDeciders, unenforced } from './network-doubts.ts';
import type { Snapshot } from './snapshot.ts';

const object = (apiVersion: string, kind: string, name: string, at?: string, spec: object = {}): Manifest => ({
  ...{ apiVersion, kind, metadata: { name, ...(at && { namespace: at }) }, spec },
});
const kindDefined = (kind: string, group: string) =>
  object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `x.${group}`, undefined, { group, names: { kind } });
const served = (group: string, service?: object) =>
  object('apiregistration.k8s.io/v1', 'APIService', `v1.${group}`, undefined, { group, service });
const told = (objects: Manifest[], more: Partial<Snapshot> = {}) =>
  otherDeciders(clusterOf(objects, more)).map(({ what, namespace }) => `${what} @${namespace}`);

test('policies of other kinds decide in their namespace, or everywhere', () => {
  const cilium = object('cilium.io/v2', 'CiliumNetworkPolicy', 'p', 'a');
  assert.deepEqual(told([cilium]), ['CiliumNetworkPolicy.cilium.io of namespace a @a']);
  assert.deepEqual(told([object('crd.projectcalico.org/v1', 'GlobalNetworkPolicy', 'p')]), [
    'GlobalNetworkPolicy.crd.projectcalico.org @',
  ]);
  const mesh = (at: string) => object('security.istio.io/v1', 'AuthorizationPolicy', 'p', at);
  assert.deepEqual(told([mesh('a')]), ['AuthorizationPolicy.security.istio.io of namespace a @a']);
  assert.deepEqual(told([mesh('istio-system')]), ['AuthorizationPolicy.security.istio.io @']);
  assert.deepEqual(told([cilium], { closedByDefault: true }), []);
});

test('a kind that was not read, that nobody knows, or that another server has, may decide everywhere', () => {
  const unread = [{ kind: 'CiliumNetworkPolicy.cilium.io', why: 'forbidden' }];
  assert.match(otherDeciders(clusterOf([], { unread }))[0]!.why, /would also decide, and was not read: forbidden/);
  const blind = [{ kind: 'CustomResourceDefinition.apiextensions.k8s.io', why: 'forbidden' }];
  assert.match(
    otherDeciders(clusterOf([], { unread: blind }))[0]!.why,
    /whether there are kinds .* not known: forbidden/,
  );
  assert.deepEqual(told([], { unread: blind, closedByDefault: true }), []);
  assert.deepEqual(told([kindDefined('MeshTrafficPermission', 'kuma.io')]), ['MeshTrafficPermission.kuma.io @']);
  assert.deepEqual(told([kindDefined('CiliumNetworkPolicy', 'cilium.io'), kindDefined('Backup', 'velero.io')]), []);
  assert.deepEqual(told([served('projectcalico.org', { name: 'calico-api' }), served('apps')]), [
    'policies of projectcalico.org @',
  ]);
});

test('blocks of IPv6 are not evaluated: where pods have such addresses, their namespaces are not known', () => {
  const block = { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 'fd00::/8' } }] }] };
  const policy = object('networking.k8s.io/v1', 'NetworkPolicy', 'p', 'a', block);
  assert.deepEqual(told([policy, pod('a', 'x', {}, '10.1.0.1')]), []);
  assert.deepEqual(told([policy, pod('b', 'x', {}, 'fd00::1')]), ['IPv6 blocks of NetworkPolicy a/p @a']);
  assert.deepEqual(told([policy, pod('b', 'x', {}, 'fd00::1')], { closedByDefault: true }), []);
});

test('who enforces is known by the names of DaemonSets; of manifests nothing is expected', () => {
  const set = (name: string) => object('apps/v1', 'DaemonSet', name, 'kube-system');
  for (const name of ['cilium', 'calico-node', 'anetd', 'ovnkube-node', 'antrea-agent'])
    assert.equal(unenforced(clusterOf([set(name)])), undefined, name);
  assert.match(unenforced(clusterOf([set('kube-flannel-ds')]))!, /kube-flannel-ds does not/);
  assert.match(unenforced(clusterOf([set('kindnet'), set('aws-node')]))!, /is not known/);
  assert.equal(unenforced(clusterOf([], { source: 'manifests' })), undefined);
  assert.equal(unenforced(clusterOf([], { closedByDefault: true })), undefined);
});

test('reach answers neither yes nor no where something else decides about an end', () => {
  const shut = object('networking.k8s.io/v1', 'NetworkPolicy', 'shut', 'a', { podSelector: {}, ingress: [] });
  const world = [namespace('a'), namespace('b'), pod('a', 'x', {}, '10.1.0.1'), pod('b', 'y', {}, '10.1.0.2'), shut];
  const ask = (objects: Manifest[], from: string, to: string) => {
    const snapshot = clusterOf([...world, ...objects]);
    return reachReport({ snapshot, observations: noObservations(), about: 'a test', close() {} }, from, to);
  };
  const cilium = object('cilium.io/v2', 'CiliumNetworkPolicy', 'p', 'a');
  assert.equal(ask([calico], 'b/y', 'a/x:8080').exitCode, 2);
  assert.equal(ask([calico, cilium], 'b/y', 'a/x:8080').exitCode, 3);
  assert.equal(ask([calico, cilium], 'a/x', 'b/y:8080').exitCode, 3);
  assert.equal(ask([calico, cilium], '192.0.2.1', 'b/y:8080').exitCode, 0);
  assert.match(ask([], 'b/y', 'a/x:8080').text, /^unknown: .*\n {2}whether anything enforces/);
  assert.equal(ask([], 'a/x', 'b/y:8080').exitCode, 0);
  assert.match(ask([calico, cilium], 'everyone', 'a/x').text, /^not known: CiliumNetworkPolicy/);
  assert.equal(ask([calico, cilium], 'everyone', 'a/x').exitCode, 3);
});
