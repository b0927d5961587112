import type { Node } from '../api/schema/types.d.ts';
import type { Controller } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';

/** Gives each node its own part of the cluster's pod addresses (`10.244.0.0/16` in parts of /24). */
export function nodeAddressRangeController(clusterRange: string, nodeMaskBits = 24): Controller {
  const parts = partsOf(clusterRange, nodeMaskBits);
  // Found out once: looking at all nodes again for each that gets nothing is quadratic.
  let exhausted = false;
  function firstFree(nodes: Node[]): string | undefined {
    const taken = new Set(nodes.map(({ spec }) => spec?.podCIDR));
    return parts.find((part) => !taken.has(part));
  }
  return {
    name: 'node-ipam',
    reconciles: 'nodes',
    reads: [],
    writes: { nodes: ['patch'] },
    // Two workers could give the same part to two nodes.
    concurrency: 1,
    enqueue: {
      nodes: ({ metadata }, { cache }) => {
        if (!cache('nodes').get('', metadata.name)) exhausted = false;
        return [];
      },
    },

    async reconcile({ name }, { cache, client, event }) {
      const node = cache<Node>('nodes').get('', name);
      if (node === undefined || isDeleting(node) || node.spec?.podCIDR) return undefined;
      const podCIDR = exhausted ? undefined : firstFree(cache<Node>('nodes').list());
      if (podCIDR === undefined) {
        exhausted = true;
        event(node, 'Warning', 'CIDRNotAvailable', `All of ${clusterRange} is given to other nodes`);
        return { requeueAfterMs: 60_000 };
      }
      const body = { metadata: { uid: node.metadata.uid }, spec: { podCIDR, podCIDRs: [podCIDR] } };
      await client.patch('nodes', { name }, { type: 'merge', body });
      return undefined;
    },
  };
}

/** All parts of an IPv4 range, at most 65,536 of them. */
export function partsOf(range: string, maskBits: number): string[] {
  const [address, bits] = range.split('/') as [string, string];
  const sizeBits = maskBits - Number(bits);
  if (!(sizeBits >= 0 && sizeBits <= 16)) throw new Error(`${range} cannot be divided into parts of /${maskBits}`);
  const start = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return Array.from({ length: 2 ** sizeBits }, (_, index) => {
    const value = start + index * 2 ** (32 - maskBits);
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
    return `${bytes.join('.')}/${maskBits}`;
  });
}
