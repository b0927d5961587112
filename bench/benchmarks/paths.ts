import type { KubernetesObject } from '../../src/api/object.ts';
import { noObservations } from '../../src/api/observations/observation.ts';
import { userRoles } from '../../src/api/rbac/user-roles.ts';
import { clusterRole, clusterRoleBinding, role, roleBinding, rule } from '../../src/api/rbac/write-rule.ts';
import { findPaths } from '../../src/defence/paths/paths.ts';
import { worstPaths } from '../../src/defence/paths/worst.ts';
import { createSnapshot, type Snapshot } from '../../src/defence/snapshot/snapshot.ts';
import type { PureBenchmark } from '../benchmark.ts';
import { median } from '../load.ts';
import { policyCluster } from '../policies.ts';

/** From objects to the worst paths, asked of every pod, and one path with its cut. */
export const paths: PureBenchmark = {
  name: 'paths',
  async run({ rounds }) {
    const all: number[] = [];
    const one: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const snapshot = teams();
      let startMs = performance.now();
      const { reached } = worstPaths(snapshot);
      all.push((performance.now() - startMs) / 1000);
      if (!reached.every(({ of, workloads }) => of === 10_000 && workloads > 0))
        throw new Error(`not from every pod: ${JSON.stringify(reached)}`);
      startMs = performance.now();
      const { cut } = findPaths(snapshot, 'internet', 'cluster-admin', noObservations());
      if (cut?.proven !== true) throw new Error('no cut was found and proven');
      one.push((performance.now() - startMs) / 1000);
    }
    const size = '10,000 pods with 1,000 policies and 1,400 bindings';
    return [
      { what: `paths from every pod, ${size}`, value: median(all), unit: 's', target: 5, better: 'less' },
      { what: `one path with its cut tried, ${size}`, value: median(one), unit: 's' },
    ];
  },
};

/** The cluster of the reachability benchmark, with an account for each app and rights of every kind, too many for some. */
function teams(): Snapshot {
  const objects: KubernetesObject[] = [...policyCluster(), ...userRoles];
  for (const pod of objects.filter(({ kind }) => kind === 'Pod')) {
    const { namespace, labels } = pod.metadata;
    const app = labels!['app']!;
    pod['spec'] = { ...pod['spec'], serviceAccountName: app };
    if (app === 'app-5') pod['spec'].volumes = [{ name: 's', secret: { secretName: 'app-5' } }];
    if (app === 'app-0' && namespace === 'team-7') pod['spec'].hostPID = true;
  }
  for (let team = 0; team < 200; team++) objects.push(...teamObjects(`team-${team}`, team));
  objects.push(
    clusterRole('deployer', [rule('create', '', 'pods'), rule('bind', 'rbac.authorization.k8s.io', 'clusterroles')]),
  );
  objects.push(clusterRole('binder', [rule('create', 'rbac.authorization.k8s.io', 'clusterrolebindings')]));
  for (const name of ['deployer', 'binder'])
    objects.push(clusterRoleBinding(name, name, [{ kind: 'ServiceAccount', namespace: 'team-7', name: 'app-0' }]));
  return createSnapshot({
    ...{ source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36, unread: [], objects },
  });
}

function teamObjects(namespace: string, team: number): KubernetesObject[] {
  const account = (name: string) => ({ kind: 'ServiceAccount' as const, namespace, name });
  const apps = Array.from({ length: 10 }, (_, app) => `app-${app}`);
  const service = {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: 'web' } },
    spec: { type: 'LoadBalancer', selector: { app: 'app-0' }, ports: [{ port: 443, targetPort: 'http' }] },
  };
  const open = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { namespace, name: 'outside' } },
    spec: { podSelector: { matchLabels: { app: 'app-0' } }, ingress: [{ ports: [{ port: 'http' }] }] },
  };
  return [
    ...apps.flatMap((name) => [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name } },
    ]),
    ...(team % 8 === 7 ? [service, open] : []),
    role(namespace, 'config', [rule('get list watch', '', 'configmaps pods')]),
    role(namespace, 'secret', [rule('get', '', 'secrets', 'app-3')]),
    ...apps.slice(1, 6).map((name) => roleBinding(namespace, `config-${name}`, 'config', [account(name)])),
    roleBinding(namespace, 'secret', 'secret', [account('app-3')]),
    { ...roleBinding(namespace, 'edit', '', [account('app-9')]), roleRef: { kind: 'ClusterRole', name: 'edit' } },
  ];
}
