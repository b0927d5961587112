import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { create } from '../testing/refusals.ts';

/** One cell of the table of an example, as kube-apiserver 1.36 answers it: it never shortens, clients do. */
const cells: [kind: string, column: string, shown: string, change: (object: any) => void][] = [
  [
    'v1 Service',
    'External-IP',
    '192.0.2.1,lb.example.com,192.0.2.9',
    ({ spec, status }) => {
      Object.assign(spec, { type: 'LoadBalancer', externalIPs: ['192.0.2.9'] });
      status.loadBalancer = { ingress: [{ hostname: 'lb.example.com' }, { ip: '192.0.2.1' }] };
    },
  ],
  ['v1 Service', 'External-IP', '<pending>', ({ spec }) => (spec.type = 'LoadBalancer')],
  [
    'v1 Node',
    'Kernel-Version',
    '6.12.1 (amd64)',
    (node) => (node.status = { nodeInfo: { kernelVersion: '6.12.1', architecture: 'amd64' } }),
  ],
  ['v1 Node', 'Kernel-Version', '<unknown>', (node) => (node.status = {})],
];

for (const [of, column, shown, change] of cells)
  test(`${of}: ${column} shows ${shown}`, () => {
    const kind = kindOf(...(of.split(' ') as [string, string]))!;
    const object = create(of);
    change(object);
    assert.equal(kind.columns.find(({ name }) => name === column)!.value(object, 0), shown);
  });
