import { type Check, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { kindName } from '../../object-ref.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

const controlPlane = /^node-role\.kubernetes\.io\/(control-plane|master|etcd)$/;

const tolerating = (toleration: object) =>
  examplePod(({ spec }) => {
    spec.tolerations = [toleration];
  });

export const controlPlaneToleration: Check = {
  id: 'control-plane-toleration',
  level: 'cluster',
  severity: 'medium',
  title: 'Applications do not run on machines of the control plane',
  kinds: workloadKinds,
  why: 'whoever breaks out there is next to the keys of the cluster',
  mend: 'tolerate the one taint that is meant, by its key',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[examplePod()], [tolerating({ key: 'gpu', operator: 'Exists' })]],
    fail: [
      [tolerating({ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' })],
      [tolerating({ operator: 'Exists' })],
    ],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    if (object.metadata.namespace?.startsWith('kube-')) return notApplicable;
    // What watches or feeds every node must be on all of them.
    const usual = kindName(object) === 'DaemonSet.apps';
    const tolerations = (found.pod.spec['tolerations'] ?? []) as Record<string, string>[];
    return failOn(
      tolerations.flatMap(({ key, operator, effect }, index) => {
        const all = !key && operator === 'Exists' && effect !== 'NoExecute';
        if (!all && !controlPlane.test(key ?? '')) return [];
        const detail = all ? 'every taint is tolerated, that of the control plane, too' : `${key} is tolerated`;
        const field = [...found.prefix, 'spec', 'tolerations', index];
        const patch = [{ op: 'remove', path: pointer(field) }];
        const more = usual ? { severity: 'low' as const } : all ? {} : { patch };
        return [{ field, reason: 'may run on the control plane', detail, ...more }];
      }),
    );
  },
};
