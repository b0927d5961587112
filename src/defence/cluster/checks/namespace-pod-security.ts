import { readLevel } from '../../../api/pod-security/pod-security.ts';
import { type Check, failOn, pass } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { exampleNamespace } from '../../namespaces.ts';

const label = 'pod-security.kubernetes.io/enforce';

export const namespacePodSecurity: Check = {
  id: 'namespace-pod-security',
  level: 'cluster',
  severity: 'high',
  title: 'Every namespace enforces a Pod Security Standard',
  kinds: ['Namespace'],
  why: 'the label decides what pods may do to their node; without it most clusters refuse nothing (Rempart: restricted)',
  mend: `label the namespace ${label}=restricted, or baseline where something needs it`,
  benchmark: ['CIS 5.2.1', 'NSA pod security'],
  examples: {
    pass: [[exampleNamespace({ [label]: 'restricted' })], [exampleNamespace({ [label]: 'baseline' })]],
    fail: [
      [exampleNamespace()],
      [exampleNamespace({ [label]: 'privileged' })],
      [exampleNamespace({ [label]: 'strict' })],
    ],
  },
  judge({ metadata }) {
    const field = ['metadata', 'labels', label];
    const value = metadata.labels?.[label];
    if (value === undefined) {
      const detail = `no label ${label}: Rempart enforces restricted then, other clusters nothing`;
      const patch = metadata.labels
        ? [{ op: 'add', path: pointer(field), value: 'restricted' }]
        : [{ op: 'add', path: '/metadata/labels', value: { [label]: 'restricted' } }];
      return failOn([{ field, reason: 'no standard is enforced', detail, patch, severity: 'low' }]);
    }
    const level = readLevel(value);
    if (level === undefined) return failOn([{ field, reason: 'unknown standard', detail: `${value} is no level` }]);
    if (level !== 'privileged') return pass;
    return failOn([{ field, reason: 'no standard is enforced', detail: 'privileged refuses nothing' }]);
  },
};
