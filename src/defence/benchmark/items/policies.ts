import { failed, type Item, passed } from '../item.ts';
import {
  externalSecretStore,
  imageProvenance,
  membersOfMasters,
  namespacesAsBoundaries,
  networkSupportsPolicies,
} from '../objects.ts';

const row = (id: string, title: string, { level = 1, ...rest }: Partial<Item> & { field?: string } = {}): Item => {
  const { field, ...more } = rest;
  return { id, title, level, automated: false, judging: { by: 'checks', ...(field ? { field } : {}) }, ...more };
};
const second = { level: 2 } as const;

/** 5: what the API alone can tell. The document leaves all of it to a person. */
export const policies: Item[] = [
  row('5.1.1', 'cluster-admin is for those who need it'),
  row('5.1.2', 'Few may read secrets'),
  row('5.1.3', 'Roles list what they give'),
  row('5.1.4', 'Few may create pods'),
  row('5.1.5', 'The default ServiceAccounts are not used'),
  row('5.1.6', 'Tokens are mounted only where they are needed'),
  {
    ...{ id: '5.1.7', title: 'Nobody is in system:masters', level: 1, automated: false },
    judging: { by: 'objects', judge: membersOfMasters },
  },
  row('5.1.8', 'Few may bind, escalate or impersonate'),
  row('5.1.9', 'Few may create PersistentVolumes'),
  row('5.1.10', 'Few may reach nodes/proxy'),
  row('5.1.11', 'Few may approve certificates'),
  row('5.1.12', 'Few may change webhooks'),
  row('5.1.13', 'Few may create tokens'),
  row('5.2.1', 'Something decides which pods are admitted', {
    onRempart: {
      ...{ protection: 'pod-security', modes: ['restricted', 'baseline'] },
      why: 'a namespace that says nothing accepts only pods of the standard',
    },
  }),
  row('5.2.2', 'No privileged containers'),
  row('5.2.3', 'No pods that share the processes of the node', { field: 'hostPID' }),
  row('5.2.4', 'No pods that share the memory of the node', { field: 'hostIPC' }),
  row('5.2.5', 'No pods that share the network of the node', { field: 'hostNetwork' }),
  row('5.2.6', 'No containers that gain privileges'),
  row('5.2.7', 'No containers that run as root', second),
  row('5.2.8', 'No containers that may forge packets (NET_RAW)'),
  row('5.2.9', 'No containers that keep capabilities', second),
  row('5.2.10', 'No processes of a Windows host'),
  row('5.2.11', 'No folders of the node in pods', { field: 'hostPath' }),
  row('5.2.12', 'No ports of the node for containers', { field: 'hostPort' }),
  {
    ...{ id: '5.3.1', title: 'The pod network enforces NetworkPolicies', level: 1, automated: false },
    judging: { by: 'objects', judge: networkSupportsPolicies },
    onRempart: passed('the node agent enforces NetworkPolicies in the kernel before a pod’s first container starts'),
  },
  row('5.3.2', 'Every namespace has NetworkPolicies', {
    level: 2,
    onRempart: {
      ...{ protection: 'namespace-isolation', modes: ['island', 'deny'] },
      why: 'a namespace without policies is reached by nobody of another one',
    },
  }),
  row('5.4.1', 'Secrets are files, not environment variables', second),
  {
    ...{ id: '5.4.2', title: 'Secrets come from a store outside the cluster', level: 2, automated: false },
    judging: { by: 'objects', judge: externalSecretStore },
    onRempart: failed('operators of external stores need custom resources, which its API does not serve'),
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
  row('5.6.2', 'Every container has a seccomp profile', second),
  row('5.6.3', 'Every pod says what it does not need', second),
  row('5.6.4', 'Nothing runs in the namespace default', second),
];
