import { change, rightCheck } from '../role-rights.ts';

export const createVolumes = rightCheck({
  id: 'rbac/create-volumes',
  severity: 'high',
  title: 'No role creates PersistentVolumes',
  why: 'a PersistentVolume of type hostPath opens the file system of a node past Pod Security',
  mend: 'let a provisioner make volumes; people make PersistentVolumeClaims',
  benchmark: ['CIS 5.1.9', 'NSA authentication and authorization'],
  rights: [{ group: '', resource: 'persistentvolumes', verbs: change }],
  clusterOnly: true,
});
