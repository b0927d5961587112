import { type Check, type Finding, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';
import { holdsKey, looksSecret } from '../secret-names.ts';

const withVariable = (variable: object) =>
  examplePod(({ spec }) => {
    spec.containers[0].env = [variable];
  });

export const secretInEnvironment: Check = {
  id: 'secret-in-environment',
  level: 'cluster',
  severity: 'low',
  title: 'No secret is written into an environment variable',
  kinds: workloadKinds,
  why: 'what stands in a manifest is in the repository, in every copy of it, and readable by all who may read pods',
  mend: 'keep it in a Secret and mount it as a file',
  benchmark: ['CIS 5.4.1', 'NSA authentication and authorization'],
  examples: {
    pass: [
      [withVariable({ name: 'PASSWORD_FILE', value: '/secret/password' })],
      [withVariable({ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } })],
    ],
    fail: [
      [withVariable({ name: 'DATABASE_PASSWORD', value: 'correct-horse' })],
      [withVariable({ name: 'DATABASE_URL', value: 'postgres://web:correct-horse@database/shop' })],
    ],
  },
  judge(object) {
    const findings: Finding[] = [];
    for (const { container, field } of containersIn(object))
      for (const [index, { name, value }] of ((container['env'] ?? []) as Record<string, any>[]).entries()) {
        const key = holdsKey(value);
        if (!key && !looksSecret(String(name), value)) continue;
        // The value itself is not repeated in reports.
        const detail = `${name} of container "${container['name']}" ${key ? 'holds a key or a password' : 'looks like one, by its name'}`;
        const severity = key ? 'high' : 'low';
        findings.push({ field: [...field, 'env', index, 'value'], reason: 'secret in the open', detail, severity });
      }
    return failOn(findings);
  },
};
