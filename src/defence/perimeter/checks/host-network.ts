import { type Check, type Finding, failOn, notApplicable } from '../../contract.ts';
import { containersIn, examplePod, podOf, workloadKinds } from '../../workload.ts';

export const hostNetwork: Check = {
  id: 'exposure/host-network',
  level: 'perimeter',
  severity: 'high',
  title: 'No pod is reached past NetworkPolicy',
  kinds: workloadKinds,
  why: 'policies do not select pods on the node’s network, and a hostPort is open on the node’s addresses',
  mend: 'use a Service; keep an exception with its owner for what must be on the node’s network',
  benchmark: ['CIS 5.2.5', 'CIS 5.2.12', 'NSA network separation and hardening'],
  examples: {
    pass: [[examplePod()]],
    fail: [
      [
        examplePod(({ spec }) => {
          spec.hostNetwork = true;
        }),
      ],
      [
        examplePod(({ spec }) => {
          spec.containers[0].ports = [{ containerPort: 80, hostPort: 80 }];
        }),
      ],
    ],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    if (found.pod.spec['hostNetwork'] === true) {
      const field = [...found.prefix, 'spec', 'hostNetwork'];
      const detail = 'every port that it listens on is a port of the node';
      return failOn([{ field, reason: 'on the node’s network', detail }]);
    }
    const findings: Finding[] = containersIn(object).flatMap(({ container, field }) =>
      ((container['ports'] ?? []) as Record<string, any>[]).flatMap(({ hostPort }, index) =>
        hostPort
          ? [
              {
                field: [...field, 'ports', index, 'hostPort'],
                reason: 'a port of the node',
                detail: `hostPort ${hostPort}`,
              },
            ]
          : [],
      ),
    );
    return failOn(findings);
  },
};
