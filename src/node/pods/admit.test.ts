import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Node } from '../../api/schema/types.d.ts';
import { refusal } from './admit.ts';
import { testPod } from './testing/view.ts';

const allocatable = { cpu: '2', memory: '4Gi', pods: '3', 'ephemeral-storage': '10Gi' };
const node = { metadata: { name: 'node-1', labels: { disk: 'ssd' } }, status: { allocatable } } as unknown as Node;
const asking = (requests: object) => testPod({ containers: [{ name: 'main', resources: { requests } }] });
const onPort = (hostPort: number, more: object = {}) =>
  testPod({ containers: [{ name: 'main', ports: [{ containerPort: 80, hostPort, ...more }] }] });
const plain = testPod();

const table: [string, ReturnType<typeof refusal>, string | undefined][] = [
  ['fits', refusal(asking({ cpu: '2' }), node, []), undefined],
  ['too much at once', refusal(asking({ cpu: '2001m' }), node, []), 'OutOfcpu'],
  ['too much with others', refusal(asking({ memory: '3Gi' }), node, [asking({ memory: '2Gi' })]), 'OutOfmemory'],
  ['asks for nothing on a full node', refusal(plain, node, [asking({ cpu: '2' })]), undefined],
  ['too many pods', refusal(plain, node, [plain, plain, plain]), 'OutOfpods'],
  ['port taken', refusal(onPort(80), node, [onPort(80)]), 'HostPort'],
  ['port of another protocol', refusal(onPort(80), node, [onPort(80, { protocol: 'UDP' })]), undefined],
  [
    'port of another address',
    refusal(onPort(80, { hostIP: '192.0.2.1' }), node, [onPort(80, { hostIP: '192.0.2.2' })]),
    undefined,
  ],
  ['port of every address', refusal(onPort(80, { hostIP: '192.0.2.1' }), node, [onPort(80)]), 'HostPort'],
  ['label missing', refusal(testPod({ nodeSelector: { disk: 'hdd' } }), node, []), 'NodeAffinity'],
  ['label there', refusal(testPod({ nodeSelector: { disk: 'ssd' } }), node, []), undefined],
  ['user namespace', refusal(testPod({ hostUsers: false }), node, []), 'UserNamespacesNotSupported'],
  ['devices', refusal(testPod({ resourceClaims: [{ name: 'gpu' }] }), node, []), 'ResourceClaimsNotSupported'],
  ['windows', refusal(testPod({ os: { name: 'windows' } }), node, []), 'PodOSNotSupported'],
  [
    'safe sysctl',
    refusal(testPod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }), node, []),
    undefined,
  ],
  [
    'unsafe sysctl',
    refusal(testPod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }), node, []),
    'SysctlForbidden',
  ],
  [
    'network sysctl of the host, named with slashes',
    refusal(
      testPod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net/ipv4/tcp_syncookies', value: '1' }] } }),
      node,
      [],
    ),
    'SysctlForbidden',
  ],
  [
    'safe sysctl, named with slashes',
    refusal(testPod({ securityContext: { sysctls: [{ name: 'net/ipv4/tcp_syncookies', value: '1' }] } }), node, []),
    undefined,
  ],
  [
    'network sysctl of the host',
    refusal(
      testPod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }),
      node,
      [],
    ),
    'SysctlForbidden',
  ],
];
for (const [name, found, reason] of table) test(`admission: ${name}`, () => assert.equal(found?.reason, reason));
