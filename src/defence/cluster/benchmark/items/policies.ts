import { failed, type Item, passed } from '../item.ts';
import { externalSecretStore, imageProvenance, namespacesAsBoundaries, networkSupportsPolicies } from '../objects.ts';

const row = (id: string, title: string, checks: string[], level: 1 | 2 = 1): Item => ({
  ...{ id, title, level, automated: false },
  judging: { by: 'checks', checks },
});

/** 5: what the API alone can tell. The document leaves all of it to a person. */
export const policies: Item[] = [
  row('5.1.1', 'cluster-admin is for those who need it', ['rbac/cluster-admin', 'rbac/all-powerful']),
  row('5.1.2', 'Few may read secrets', ['rbac/read-secrets']),
  row('5.1.3', 'Roles list what they give', ['rbac/wildcards', 'rbac/wildcard-paths']),
  row('5.1.4', 'Few may create pods', ['rbac/create-pods']),
  row('5.1.5', 'The default ServiceAccounts are not used', ['default-service-account']),
  row('5.1.6', 'Tokens are mounted only where they are needed', ['service-account-token', 'account-automount']),
  row('5.1.7', 'Nobody is in system:masters', ['rbac/broad-subjects']),
  row('5.1.8', 'Few may bind, escalate or impersonate', ['rbac/escalate', 'rbac/aggregation']),
  row('5.1.9', 'Few may create PersistentVolumes', ['rbac/create-volumes']),
  row('5.1.10', 'Few may reach nodes/proxy', ['rbac/node-proxy']),
  row('5.1.11', 'Few may approve certificates', ['rbac/approve-certificates']),
  row('5.1.12', 'Few may change webhooks', ['rbac/change-webhooks']),
  row('5.1.13', 'Few may create tokens', ['rbac/create-tokens']),
  row('5.2.1', 'Something decides which pods are admitted', ['namespace-pod-security']),
  row('5.2.2', 'No privileged containers', ['pod-security/privileged']),
  row('5.2.3', 'No pods that share the processes of the node', ['pod-security/hostNamespaces']),
  row('5.2.4', 'No pods that share the memory of the node', ['pod-security/hostNamespaces']),
  row('5.2.5', 'No pods that share the network of the node', ['pod-security/hostNamespaces', 'exposure/host-network']),
  row('5.2.6', 'No containers that gain privileges', ['pod-security/allowPrivilegeEscalation']),
  row('5.2.7', 'No containers that run as root', ['pod-security/runAsNonRoot', 'pod-security/runAsUser'], 2),
  row('5.2.8', 'No containers that may forge packets (NET_RAW)', [
    ...['pod-security/capabilities_baseline', 'pod-security/capabilities_restricted'],
  ]),
  row('5.2.9', 'No containers that keep capabilities', ['pod-security/capabilities_restricted'], 2),
  row('5.2.10', 'No processes of a Windows host', ['pod-security/windowsHostProcess']),
  row('5.2.11', 'No folders of the node in pods', [
    ...['pod-security/hostPathVolumes', 'pod-security/restrictedVolumes', 'sensitive-host-path'],
  ]),
  row('5.2.12', 'No ports of the node for containers', ['pod-security/hostPorts', 'exposure/host-network']),
  {
    ...{ id: '5.3.1', title: 'The pod network enforces NetworkPolicies', level: 1, automated: false },
    judging: { by: 'objects', judge: networkSupportsPolicies },
    onRempart: passed('the node agent enforces NetworkPolicies in the kernel before a pod’s first container starts'),
  },
  row('5.3.2', 'Every namespace has NetworkPolicies', ['network-policy/missing'], 2),
  row(
    '5.4.1',
    'Secrets are files, not environment variables',
    [...['secret-as-variable', 'secret-in-environment', 'secret-in-config-map', 'secret-in-arguments']],
    2,
  ),
  {
    ...{ id: '5.4.2', title: 'Secrets come from a store outside the cluster', level: 2, automated: false },
    judging: { by: 'objects', judge: externalSecretStore },
  },
  {
    ...{ id: '5.5.1', title: 'Only images of known origin run', level: 2, automated: false },
    judging: { by: 'objects', judge: imageProvenance },
    onRempart: failed('signatures of images are not verified at admission'),
  },
  {
    ...{ id: '5.6.1', title: 'Namespaces keep workloads apart', level: 1, automated: false },
    judging: { by: 'objects', judge: namespacesAsBoundaries },
  },
  row(
    '5.6.2',
    'Every container has a seccomp profile',
    [...['pod-security/seccompProfile_baseline', 'pod-security/seccompProfile_restricted']],
    2,
  ),
  row(
    '5.6.3',
    'Every pod says what it does not need',
    [
      ...['pod-security/runAsNonRoot', 'pod-security/allowPrivilegeEscalation', 'pod-security/capabilities_restricted'],
      'read-only-root',
    ],
    2,
  ),
  row('5.6.4', 'Nothing runs in the namespace default', ['default-namespace'], 2),
];
