import type { KubernetesObject } from '../../src/api/object.ts';
import { type ClusterBenchmark, createNamespace } from '../benchmark.ts';
import { measureCri } from '../cri.ts';
import { median } from '../load.ts';
import type { Target } from '../target.ts';

const podsPerRound = 5;
const image = 'rempart.local/shop-database:1';

/** From the create of a pod whose image is there until its status says Running, and what CRI itself takes for one. */
export const pods: ClusterBenchmark = {
  name: 'pods',
  local: true,
  async run({ target, local, rounds }) {
    await local!.buildImage('database');
    const namespace = 'bench-pods';
    const remove = await createNamespace(target, namespace);
    const api: number[] = [];
    const cri: number[] = [];
    for (let index = 0; index < rounds * podsPerRound; index++) {
      api.push(await startOne(target, namespace, `pod-${index}`));
      cri.push(await measureCri(local!.containerdSocket, image, index));
    }
    await remove();
    return [
      { what: 'a pod with its image present runs after', value: median(api), unit: 'ms' },
      { what: 'CRI alone (sandbox, create, start) takes', value: median(cri), unit: 'ms' },
      { what: 'what Rempart adds', value: median(api) - median(cri), unit: 'ms', target: 100, better: 'less' },
    ];
  },
};

async function startOne({ client }: Target, namespace: string, name: string): Promise<number> {
  const watching = new AbortController();
  const running = Promise.withResolvers<void>();
  const options = { namespace, fieldSelector: `metadata.name=${name}`, signal: watching.signal };
  const watch = client.watch('pods', options, ({ object }) => {
    if (object.status?.phase === 'Running') running.resolve();
  });
  const startedMs = performance.now();
  await client.create('pods', pod(name, namespace));
  await running.promise;
  const tookMs = performance.now() - startedMs;
  watching.abort();
  await watch.catch(() => {});
  await client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0 });
  return tookMs;
}

function pod(name: string, namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'redis',
          image,
          args: ['--save', ''],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
