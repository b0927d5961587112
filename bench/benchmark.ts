import { setTimeout as delay } from 'node:timers/promises';
import type { LocalCluster } from './local-cluster.ts';
import type { Target } from './target.ts';

/** `target` undefined: the figure is told for the record. `better` says which side of the target is good. */
export type Figure = { what: string; value: number; unit: string; target?: number; better?: 'less' | 'more' };

export type BenchmarkContext = {
  target: Target;
  /** Undefined with --kubeconfig: what needs our own processes is then left out, and says so. */
  local: LocalCluster | undefined;
  rounds: number;
};

/** What is measured without a cluster: none runs beside it. */
export type PureBenchmark = { name: string; run(context: Pick<BenchmarkContext, 'rounds'>): Promise<Figure[]> };

export type ClusterBenchmark = {
  name: string;
  /** Needs the processes of a cluster started here. */
  local?: boolean;
  /** Needs a cluster that nothing was done with before, where one is started here. */
  fresh?: boolean;
  run(context: BenchmarkContext): Promise<Figure[]>;
};

/** A pod of about 3 kB, as real ones are: two containers with probes, resources, volumes and security contexts. */
export function benchPod(name: string, namespace: string, schedulerName = 'nobody'): object {
  const container = (index: number) => ({
    name: `container-${index}`,
    image: `rempart.local/bench:${index}`,
    command: ['/bin/server', '--listen=0.0.0.0:8080', '--configuration=/etc/server/configuration.yaml'],
    env: Array.from({ length: 8 }, (_, each) => ({ name: `VARIABLE_NUMBER_${each}`, value: `the value of ${each}` })),
    ports: [{ name: `http-${index}`, containerPort: 8080 + index, protocol: 'TCP' }],
    resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 8080 + index, scheme: 'HTTP' }, periodSeconds: 10 },
    livenessProbe: { httpGet: { path: '/healthz', port: 8080 + index, scheme: 'HTTP' }, periodSeconds: 10 },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
    volumeMounts: [{ name: 'temporary', mountPath: '/tmp' }],
  });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: { app: 'bench', 'app.kubernetes.io/name': 'bench', tier: 'front' } },
    spec: {
      schedulerName,
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [container(0), container(1)],
      volumes: [{ name: 'temporary', emptyDir: {} }],
    },
  };
}

/**
 * A namespace of its own for one benchmark; the returned function deletes it and returns when it is gone: what is left to
 * delete would be measured with the next benchmark.
 */
export async function createNamespace({ client }: Target, name: string): Promise<() => Promise<void>> {
  await client.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  // The default service account is made by a controller; pods are refused until it is there.
  for (let tries = 0; tries < 200; tries++) {
    const found = await client.get('serviceaccounts', { namespace: name, name: 'default' }).catch(() => undefined);
    if (found) break;
    await delay(25);
  }
  return async () => {
    await client.delete('namespaces', { name });
    const gone = async () => !(await client.list('namespaces')).items.some(({ metadata }) => metadata.name === name);
    while (!(await gone())) await delay(100);
  };
}
