import { readLevel } from '../../../api/pod-security/pod-security.ts';
import { type Check, failOn, pass } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { exampleNamespace } from '../../namespace-example.ts';
import { protectionMode } from '../../protection-mode.ts';

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
  judge({ metadata }, context) {
    const field = ['metadata', 'labels', label];
    const value = metadata.labels?.[label];
    if (value === undefined) {
      const mode = protectionMode(context, 'pod-security', 'restricted');
      if (mode === 'restricted' || mode === 'baseline') return pass;
      const patch = metadata.labels
        ? [{ op: 'add', path: pointer(field), value: 'restricted' }]
        : [{ op: 'add', path: '/metadata/labels', value: { [label]: 'restricted' } }];
      const detail = `no label ${label}: ${whatThen(context.source, mode)}`;
      const severity = context.source === 'cluster' ? 'medium' : 'low';
      return failOn([{ field, reason: 'no standard is enforced', detail, patch, severity }]);
    }
    const level = readLevel(value);
    if (level === undefined) {
      // It is what an API server takes an unknown one for.
      const patch = [{ op: 'replace', path: pointer(field), value: 'restricted' }];
      return failOn([{ field, reason: 'unknown standard', detail: `${value} is no level`, patch }]);
    }
    if (level !== 'privileged') return pass;
    return failOn([{ field, reason: 'no standard is enforced', detail: 'privileged refuses nothing' }]);
  },
};

function whatThen(source: 'manifests' | 'cluster', mode: string | undefined): string {
  if (mode !== undefined) return `the protection pod-security is relaxed to ${mode}`;
  return source === 'cluster' ? 'nothing is enforced' : 'Rempart enforces restricted then, other clusters nothing';
}
