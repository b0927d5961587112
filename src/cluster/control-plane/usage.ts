import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { KubernetesObject } from '../../api/object.ts';
import type { Node } from '../../api/schema/types.d.ts';
import { formatTime } from '../../foundation/clock.ts';
import { createGatherer } from '../../foundation/gather.ts';
import type { Extensions, Usage } from '../../server/server.ts';

type Sample = { time?: string; usageNanoCores?: number; workingSetBytes?: number };
type Measured = { cpu?: Sample; memory?: Sample };
type Summary = {
  node: Measured;
  pods?: { podRef: { name: string; namespace: string }; containers?: (Measured & { name: string })[] }[];
};

const answerMsDefaultMax = 5000;
const answerBytesMax = 32 * 2 ** 20;
const windowSeconds = '30s';

/**
 * What `kubectl top` shows, asked of the nodes when somebody asks: nothing is sampled while nobody looks. A node that
 * does not answer in time, or answers something else, is left out, as by metrics-server; so is what it says of pods of
 * other nodes, which would be scaled by it.
 */
export function usageOfNodes(
  nodes: () => Node[],
  nodeOfPod: (namespace: string, name: string) => string | undefined,
  client: Required<Extensions>['nodeClient'],
  answerMsMax = answerMsDefaultMax,
): Usage {
  async function ask(read: (summary: Summary, node: Node) => KubernetesObject[]): Promise<KubernetesObject[]> {
    const answers = nodes().map(async (node) => read(await readSummary(node, client, answerMsMax), node));
    return (await Promise.all(answers.map((answer) => answer.catch(() => [])))).flat();
  }
  return {
    nodes: () =>
      ask(({ node: measured }, { metadata }) => [
        { ...usageObject({ name: metadata!.name!, labels: metadata!.labels }, measured), usage: amounts(measured) },
      ]),
    pods: (namespace) =>
      ask(({ pods = [] }, node) =>
        pods
          .filter(({ podRef }) => namespace === undefined || podRef.namespace === namespace)
          .filter(({ podRef }) => nodeOfPod(podRef.namespace, podRef.name) === node.metadata!.name)
          // What does not run uses nothing: as by metrics-server, it is not listed.
          .filter(({ containers = [] }) => containers.length > 0)
          .map(({ podRef, containers = [] }) => ({
            ...usageObject({ name: podRef.name, namespace: podRef.namespace }, containers[0] ?? {}),
            containers: containers.map((container) => ({ name: container.name, usage: amounts(container) })),
          })),
      ),
  };
}

function usageObject(metadata: KubernetesObject['metadata'], { cpu }: Measured): KubernetesObject {
  const timestamp = cpu?.time ?? formatTime(Date.now());
  return { apiVersion: '', kind: '', metadata, timestamp, window: windowSeconds };
}

const amounts = ({ cpu, memory }: Measured) => ({
  cpu: `${Math.round(cpu?.usageNanoCores ?? 0)}n`,
  memory: `${Math.round((memory?.workingSetBytes ?? 0) / 1024)}Ki`,
});

/** A node may be anybody's: what it answers is bounded in size and time, and throws here when it cannot be read. */
async function readSummary(
  node: Node,
  client: Required<Extensions>['nodeClient'],
  answerMsMax: number,
): Promise<Summary> {
  const request = httpsRequest({
    host: node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address,
    port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port,
    path: '/stats/summary',
    ...client(),
    servername: node.metadata!.name,
    signal: AbortSignal.timeout(answerMsMax),
  });
  // What goes wrong later is the response's to tell.
  request.on('error', () => {});
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const answer = createGatherer();
  for await (const chunk of response) {
    answer.add(chunk);
    if (answer.size() > answerBytesMax) throw new Error('the answer is too large');
  }
  if (response.statusCode !== 200) throw new Error(`the node answered ${response.statusCode}`);
  return JSON.parse(answer.all().toString('utf8'));
}
