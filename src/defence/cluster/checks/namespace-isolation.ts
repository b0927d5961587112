import { isolationLabel, readIsolation } from '../../../policy/policy.ts';
import { type Check, failOn, pass } from '../../contract.ts';
import { exampleNamespace } from '../../namespace-example.ts';

export const namespaceIsolation: Check = {
  id: 'namespace-isolation',
  level: 'cluster',
  severity: 'medium',
  title: 'No namespace opts out of isolation',
  kinds: ['Namespace'],
  why: 'with isolation off, every pod that no policy selects can be reached from every namespace',
  mend: `remove the label ${isolationLabel} and write NetworkPolicies for who comes from elsewhere`,
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[exampleNamespace()], [exampleNamespace({ [isolationLabel]: 'deny' })]],
    fail: [[exampleNamespace({ [isolationLabel]: 'off' })], [exampleNamespace({ [isolationLabel]: 'observe' })]],
  },
  judge({ metadata }) {
    const mode = metadata.labels?.[isolationLabel];
    if (mode === undefined || readIsolation(mode) !== 'off') return pass;
    const field = ['metadata', 'labels', isolationLabel];
    return failOn([
      { field, reason: 'isolation is off', detail: `${mode}: pods without a policy are open to all namespaces` },
    ]);
  },
};
