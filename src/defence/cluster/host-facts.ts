import { type HostFacts, hostFactsName, hostFactsNamespace, readHostFacts } from '../../api/host-facts.ts';
import type { JudgeContext, Manifest } from '../contract.ts';

/** What a node tells of its machine, when this is that ConfigMap: of a cluster of Rempart, where only the node writes it. */
export function factsIn({ kind, metadata, data }: Manifest, context: JudgeContext): HostFacts | undefined {
  if (kind !== 'ConfigMap' || metadata.namespace !== hostFactsNamespace) return undefined;
  if (context.source === 'cluster' && !context.closedByDefault) return undefined;
  const facts = readHostFacts(data?.facts);
  return facts !== undefined && metadata.name === hostFactsName(facts.node) ? facts : undefined;
}

/** The ConfigMap of a node with these facts. */
export const exampleFacts = (fields: Partial<HostFacts>): Manifest => {
  const facts: HostFacts = {
    ...{ version: 1, node: 'a', files: [], omitted: 0, kubelet: {}, sysctls: {}, kernel: '', operatingSystem: '' },
    ...{ containerd: '', ...fields },
  };
  return {
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    metadata: { name: hostFactsName(facts.node), namespace: hostFactsNamespace },
    data: { facts: JSON.stringify(facts) },
  };
};
