import { type Flow, noObservations, type Observations } from '../../src/api/observations/observation.ts';
import { preview as previewChange } from '../../src/defence/preview/preview.ts';
import { type Change, createSnapshot } from '../../src/defence/snapshot/snapshot.ts';
import type { PureBenchmark } from '../benchmark.ts';
import { median } from '../load.ts';
import { policyCluster, policyObject } from '../policies.ts';

/** From objects and 10,000 flows that were seen to what one changed policy breaks, with allowances that were checked. */
export const preview: PureBenchmark = {
  name: 'preview',
  async run({ rounds }) {
    const tookS: number[] = [];
    const change: Change = { put: policyObject('team-9', 'policy-3', { podSelector: {}, ingress: [] }) };
    for (let round = 0; round < rounds; round++) {
      const objects = [...policyCluster(), networkPlugin];
      const parts = { source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36, unread: [] } as const;
      const snapshot = createSnapshot({ ...parts, unread: [], objects });
      const observations = seenIn(objects);
      const startMs = performance.now();
      const { impacts } = previewChange(snapshot, [change], observations, 0);
      tookS.push((performance.now() - startMs) / 1000);
      if (!impacts.some(({ outcome }) => outcome === 'breaks')) throw new Error('nothing breaks: it measures nothing');
    }
    const what = 'preview of one policy change, 10,000 pods, 1,000 policies';
    return [{ what, value: median(tookS), unit: 's', target: 0.5, better: 'less' }];
  },
};

/** Where nothing enforces policies, nothing is known to break. */
const networkPlugin = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { namespace: 'kube-system', name: 'calico-node' },
};

/** Every pod asks the database of its team. */
function seenIn(objects: ReturnType<typeof policyCluster>): Observations {
  const pods = objects.filter(({ kind }) => kind === 'Pod');
  const databases = new Map(
    pods.filter(({ metadata }) => metadata.labels!['app'] === 'app-9').map((pod) => [pod.metadata.namespace, pod]),
  );
  const end = ({ metadata: { namespace = '', name, labels = {} } }: (typeof pods)[number]) => ({
    ...{ type: 'pod' as const, namespace, name, labels },
  });
  const flows = pods.map(
    (pod): Flow => ({
      ...{ from: end(pod), to: end(databases.get(pod.metadata.namespace)!), protocol: 'TCP', port: 5432 },
      ...{ allowed: true, firstMs: 0, lastMs: 1, count: 1 },
    }),
  );
  const window = [{ source: 'node/node-0', fromMs: 0, toMs: 1, lost: 0 }];
  return { ...noObservations(), flows, windows: { ...noObservations().windows, flows: window } };
}
