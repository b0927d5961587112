import { type Check, failOn, type Manifest, notApplicable } from '../../contract.ts';

const volume = (spec: object, annotations: Record<string, string> = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: 'data', annotations },
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
});
const provisioned = 'pv.kubernetes.io/provisioned-by';

export const hostPathVolume: Check = {
  id: 'host-path-volume',
  level: 'cluster',
  severity: 'medium',
  title: 'No PersistentVolume written by hand is a folder of a node',
  kinds: ['PersistentVolume'],
  why: 'a claim brings the folder into a pod past Pod Security, which refuses hostPath only in pods',
  mend: 'use a provisioner, or a local volume with node affinity in a folder of its own',
  benchmark: ['CIS 5.2.11', 'NSA pod security'],
  examples: {
    pass: [
      [volume({ csi: { driver: 'disk.example', volumeHandle: '1' } })],
      [volume({ hostPath: { path: '/var/lib/volumes/1' } }, { [provisioned]: 'local-path' })],
    ],
    fail: [[volume({ hostPath: { path: '/etc' } })]],
  },
  judge({ spec, metadata }) {
    if (spec === undefined) return notApplicable;
    if (!spec.hostPath || metadata.annotations?.[provisioned]) return failOn([]);
    return failOn([{ field: ['spec', 'hostPath'], reason: 'a folder of the node', detail: `${spec.hostPath.path}` }]);
  },
};
