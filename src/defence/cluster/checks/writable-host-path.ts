import { type Check, failOn, notApplicable } from '../../contract.ts';
import { containersIn, examplePod, podOf, workloadKinds } from '../../workload.ts';

const mounting = (readOnly: boolean) =>
  examplePod(({ spec }) => {
    spec.volumes = [{ name: 'host', hostPath: { path: '/srv' } }];
    spec.containers[0].volumeMounts = [{ name: 'host', mountPath: '/srv', readOnly }];
  });

export const writableHostPath: Check = {
  id: 'writable-host-path',
  level: 'cluster',
  severity: 'high',
  title: 'Folders of the node are mounted read-only',
  kinds: workloadKinds,
  why: 'what a container writes to its node is read by others there: a cron job, a library, a key of root',
  mend: 'set readOnly: true on the volumeMount, or use a PersistentVolume',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[examplePod()], [mounting(true)]],
    fail: [[mounting(false)]],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    const volumes = (found.pod.spec['volumes'] ?? []) as Record<string, any>[];
    const ofNode = new Set(volumes.filter(({ hostPath }) => hostPath).map(({ name }) => name));
    return failOn(
      containersIn(object).flatMap(({ container, field }) =>
        ((container['volumeMounts'] ?? []) as Record<string, any>[]).flatMap(({ name, readOnly, mountPath }, index) =>
          !ofNode.has(name) || readOnly === true
            ? []
            : [
                {
                  field: [...field, 'volumeMounts', index, 'readOnly'],
                  reason: 'the node can be written to',
                  detail: `container "${container['name']}" writes to volume "${name}" at ${mountPath}`,
                },
              ],
        ),
      ),
    );
  },
};
