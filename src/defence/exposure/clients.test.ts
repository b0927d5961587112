import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { formatAddress, type NetworkPolicy } from '../../policy/policy.ts';
import { networkOf } from '../snapshot/network.ts';
import { clusterOf, namespace, pod } from '../testing/worlds.ts';
import { blocksMax, clientAddresses, isPublicAddress } from './clients.ts';
import { createExposureContext } from './entry.ts';

const block = fc
  .record({
    address: fc.nat({ max: 2 ** 32 - 1 }),
    prefix: fc.integer({ min: 1, max: 32 }),
    hole: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ address, prefix, hole }) => {
    const size = 2 ** (32 - prefix);
    const base = formatAddress(Math.floor(address / size) * size);
    const except = prefix + hole <= 32 ? [`${base}/${prefix + hole}`] : [];
    return { cidr: `${base}/${prefix}`, except };
  });

const policyOf = (blocks: { cidr: string; except: string[] }[]) => ({
  ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace: 'a', name: 'p' } },
  spec: { podSelector: {}, ingress: [{ from: blocks.map((ipBlock) => ({ ipBlock })) }] },
});

test('whoever outside is let in, the verdict is open, and for the Internet when the address is public', () => {
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), fc.nat({ max: 2 ** 32 - 1 }), (blocks, value) => {
      const client = formatAddress(value);
      const objects = [namespace('a'), pod('a', 'web', {}, '10.1.0.1'), policyOf(blocks)];
      const snapshot = clusterOf(objects);
      const network = networkOf(snapshot);
      const judged = createExposureContext(snapshot, network).judge(network.world.pods[0]!, 'TCP', 8080, {});
      if (client === '10.1.0.1') return;
      if (!network.evaluator.evaluate({ address: client }, { pod: 'a/web' }, 'TCP', 8080).allowed) return;
      assert.equal(judged.verdict, 'open');
      if (isPublicAddress(client)) assert.equal(judged.public, true);
    }),
    { numRuns: 500 },
  );
});

test('more blocks than can be told apart are not assessed, one less is', () => {
  const policy = (count: number) =>
    policyOf(
      Array.from({ length: count }, (_, at) => ({ cidr: `${formatAddress(2 ** 24 + at)}/32`, except: [] })),
    ) as NetworkPolicy;
  assert.equal(
    clientAddresses([policy(blocksMax + 1)], undefined, () => false),
    undefined,
  );
  assert.ok(clientAddresses([policy(blocksMax)], undefined, () => false)!.length > blocksMax);
});
