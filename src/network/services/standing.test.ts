import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frontendsOfWellKnown, hostPorts, wellKnownServices } from './standing.ts';

const places = {
  ...{ gatewayAddress: '10.244.0.1', dnsAddress: '10.96.0.10' },
  ...{ apiServiceAddress: '10.96.0.1', apiAddress: '192.0.2.1', apiPort: 6443 },
};
const text = ({ service, protocol, address, port, backends }: ReturnType<typeof hostPorts>[number]) =>
  `${service} ${protocol} ${address}:${port} > ${backends.map(({ ip, port }) => `${ip}:${port}`)}`;

test('names and the API are found at their service addresses before the API has said anything', () => {
  assert.deepEqual(wellKnownServices(places).flatMap(frontendsOfWellKnown).map(text), [
    'well-known/dns udp 10.96.0.10:53 > 10.244.0.1:53',
    'well-known/dns tcp 10.96.0.10:53 > 10.244.0.1:53',
    'well-known/api tcp 10.96.0.1:443 > 192.0.2.1:6443',
  ]);
});

test('a host port leads to its pod, at one address of the node or at all', () => {
  const ports = [
    { containerPort: 80, hostPort: 8080 },
    { containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '192.0.2.7' },
    { containerPort: 81, hostPort: 8081, hostIP: '0.0.0.0' },
    { containerPort: 82 },
    { containerPort: 83, hostPort: 0 },
  ];
  const pod = { metadata: { namespace: 'shop', name: 'web' }, spec: { containers: [{ name: 'main', ports }] } };
  assert.deepEqual(hostPorts(pod as never, '10.244.0.9').map(text), [
    'shop/web tcp undefined:8080 > 10.244.0.9:80',
    'shop/web udp 192.0.2.7:53 > 10.244.0.9:53',
    'shop/web tcp undefined:8081 > 10.244.0.9:81',
  ]);
});
