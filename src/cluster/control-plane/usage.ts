import { request as httpsRequest } from 'node:https';
import type { KubernetesObject } from '../../api/object.ts';
import type { Node } from '../../api/schema/types.d.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { Extensions, Usage } from '../../server/server.ts';

type Sample = { time?: string; usageNanoCores?: number; workingSetBytes?: number };
type Measured = { cpu?: Sample; memory?: Sample };
type Summary = {
  node: Measured;
  pods?: { podRef: { name: string; namespace: string }; containers?: (Measured & { name: string })[] }[];
};

const answerMsMax = 5000;
const answerBytesMax = 32 * 2 ** 20;
const windowSeconds = '30s';

/**
 * What `kubectl top` shows, asked of the nodes when somebody asks: nothing is sampled while nobody looks. A node that
 * does not answer is left out, as by metrics-server.
 */
export function usageOfNodes(nodes: () => Node[], client: Required<Extensions>['nodeClient']): Usage {
  const summaries = async () => {
    const answers = nodes().map(async (node) => ({
      node,
      summary: await readSummary(node, client).catch(() => undefined),
    }));
    return (await Promise.all(answers)).flatMap(({ node, summary }) => (summary ? [{ node, summary }] : []));
  };
  return {
    async nodes() {
      return (await summaries()).map(({ node, summary }) => ({
        ...usageObject({ name: node.metadata!.name!, labels: node.metadata!.labels }, summary.node),
        usage: amounts(summary.node),
      }));
    },
    async pods(namespace) {
      return (await summaries()).flatMap(({ summary }) =>
        (summary.pods ?? [])
          .filter(({ podRef }) => namespace === undefined || podRef.namespace === namespace)
          // What does not run uses nothing: as by metrics-server, it is not listed.
          .filter(({ containers = [] }) => containers.length > 0)
          .map(({ podRef, containers = [] }) => ({
            ...usageObject({ name: podRef.name, namespace: podRef.namespace }, containers[0] ?? {}),
            containers: containers.map((container) => ({ name: container.name, usage: amounts(container) })),
          })),
      );
    },
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

function readSummary(node: Node, client: Required<Extensions>['nodeClient']): Promise<Summary> {
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  return new Promise((resolve, reject) => {
    const options = {
      host,
      port,
      path: '/stats/summary',
      ...client(),
      servername: node.metadata!.name,
      timeout: answerMsMax,
    };
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) request.destroy(new Error('the answer is too large'));
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) return reject(new Error(`the node answered ${response.statusCode}`));
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      });
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${answerMsMax} ms`)));
    request.on('error', reject);
    request.end();
  });
}
