import type { KubernetesObject } from '../src/api/object.ts';

const namespaces = 200;
const appsPerNamespace = 10;
const podsPerApp = 5;

/**
 * A cluster as many teams share one: 200 namespaces, each with a denied default, DNS, an ingress controller in front,
 * a database that some apps use by the name of its port, and a partner's range outside; 10,000 pods, 1,000 policies.
 */
export function policyCluster(): KubernetesObject[] {
  const objects: KubernetesObject[] = [];
  for (let team = 0; team < namespaces; team++) {
    const namespace = `team-${team}`;
    const labels = { tier: team % 3 === 0 ? 'shared' : 'product', team: namespace };
    objects.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } });
    for (let app = 0; app < appsPerNamespace; app++)
      for (let copy = 0; copy < podsPerApp; copy++) objects.push(podObject(team, app, copy));
    objects.push(...policiesOf(team).map((spec, at) => policyObject(namespace, `policy-${at}`, spec)));
  }
  for (let node = 0; node < 100; node++) {
    const status = { addresses: [{ type: 'InternalIP', address: `192.168.1.${node + 1}` }] };
    objects.push({ apiVersion: 'v1', kind: 'Node', metadata: { name: `node-${node}` }, status });
  }
  return objects;
}

export const policyObject = (namespace: string, name: string, spec: object): KubernetesObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { namespace, name },
  spec,
});

function podObject(team: number, app: number, copy: number): KubernetesObject {
  const place = (team * appsPerNamespace + app) * podsPerApp + copy;
  const name = `app-${app}`;
  const ports = [{ name: 'http', containerPort: app === 9 ? 5432 : 8080 }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: `team-${team}`,
      name: `${name}-${copy}`,
      labels: {
        app: name,
        role: app === 9 ? 'database' : app === 0 ? 'web' : 'worker',
        'pod-template-hash': `${place}`,
      },
    },
    spec: { nodeName: `node-${place % 100}`, containers: [{ name, ports }] },
    status: { phase: 'Running', podIP: `10.${128 + (place >> 16)}.${(place >> 8) & 255}.${place & 255}` },
  };
}

function policiesOf(team: number): object[] {
  const role = (value: string) => ({ podSelector: { matchLabels: { role: value } } });
  const within = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });
  const dns = { ...within('team-0'), podSelector: { matchLabels: { app: 'app-1' } } };
  return [
    { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [dns], ports: [{ protocol: 'UDP', port: 53 }] }] },
    { ...role('web'), ingress: [{ from: [within('team-1')], ports: [{ port: 'http' }] }] },
    {
      ...role('database'),
      ingress: [
        {
          from: [role('web'), { podSelector: { matchLabels: { app: `app-${1 + (team % 8)}` } } }],
          ports: [{ port: 'http' }],
        },
      ],
    },
    {
      podSelector: { matchExpressions: [{ key: 'role', operator: 'In', values: ['web', 'worker'] }] },
      policyTypes: ['Egress'],
      egress: [
        { to: [role('database')], ports: [{ port: 'http' }] },
        { to: [{ namespaceSelector: { matchLabels: { tier: 'shared' } } }], ports: [{ port: 8000, endPort: 8999 }] },
        {
          to: [{ ipBlock: { cidr: `203.0.${team % 64}.0/24`, except: [`203.0.${team % 64}.128/25`] } }],
          ports: [{ port: 443 }],
        },
      ],
    },
  ];
}
