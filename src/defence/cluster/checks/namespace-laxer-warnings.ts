import { readLevel } from '../../../api/pod-security/pod-security.ts';
import { type Check, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { exampleNamespace } from '../../namespace-example.ts';

const prefix = 'pod-security.kubernetes.io/';
const levels = ['privileged', 'baseline', 'restricted'];
const labelled = (labels: Record<string, string>) =>
  exampleNamespace(Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}${key}`, value])));

export const namespaceLaxerWarnings: Check = {
  id: 'namespace-laxer-warnings',
  level: 'cluster',
  severity: 'low',
  title: 'What a namespace warns and audits is no laxer than what it enforces',
  kinds: ['Namespace'],
  why: 'a level that is laxer than the enforced one never says anything: it was meant to be the stricter one',
  mend: 'set warn and audit to the next stricter level',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[labelled({ enforce: 'baseline', warn: 'restricted' })], [labelled({ enforce: 'restricted' })]],
    fail: [
      [labelled({ enforce: 'restricted', warn: 'baseline' })],
      [labelled({ enforce: 'baseline', audit: 'privileged' })],
    ],
  },
  judge({ metadata: { labels = {} } }) {
    const rank = (name: string) => levels.indexOf(readLevel(labels[`${prefix}${name}`] ?? '') ?? '');
    const enforced = rank('enforce');
    if (enforced < 0) return notApplicable;
    return failOn(
      ['warn', 'audit'].flatMap((name) => {
        if (rank(name) < 0 || rank(name) >= enforced) return [];
        const field = ['metadata', 'labels', `${prefix}${name}`];
        const patch = [{ op: 'replace', path: pointer(field), value: levels[enforced] }];
        return [{ field, reason: 'laxer than enforced', detail: `${name} ${levels[rank(name)]}`, patch }];
      }),
    );
  },
};
