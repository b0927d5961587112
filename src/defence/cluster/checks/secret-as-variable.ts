import { type Check, type Finding, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';

const withContainer = (fields: object) =>
  examplePod(({ spec }) => {
    Object.assign(spec.containers[0], fields);
  });

export const secretAsVariable: Check = {
  id: 'secret-as-variable',
  level: 'cluster',
  severity: 'low',
  title: 'Secrets are mounted as files, not as environment variables',
  kinds: workloadKinds,
  why: 'variables are inherited by every child process and end in crash reports and logs; files are not, and they are renewed',
  mend: 'mount the Secret as a volume and read the file',
  benchmark: ['CIS 5.4.1', 'NSA authentication and authorization'],
  examples: {
    pass: [
      [withContainer({ env: [{ name: 'PASSWORD_FILE', value: '/secret/password' }] })],
      [withContainer({ envFrom: [{ configMapRef: { name: 'settings' } }] })],
    ],
    fail: [
      [
        withContainer({
          env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'database', key: 'password' } } }],
        }),
      ],
      [withContainer({ envFrom: [{ secretRef: { name: 'database' } }] })],
    ],
  },
  judge(object) {
    const findings: Finding[] = [];
    for (const { container, field } of containersIn(object)) {
      const tell = (place: (string | number)[], secret: unknown) =>
        findings.push({
          ...{ field: [...field, ...place], reason: 'secret as a variable' },
          detail: `container "${container['name']}" has Secret ${secret} in its environment`,
        });
      for (const [index, { valueFrom }] of ((container['env'] ?? []) as Record<string, any>[]).entries())
        if (valueFrom?.secretKeyRef) tell(['env', index, 'valueFrom', 'secretKeyRef'], valueFrom.secretKeyRef.name);
      for (const [index, { secretRef }] of ((container['envFrom'] ?? []) as Record<string, any>[]).entries())
        if (secretRef) tell(['envFrom', index, 'secretRef'], secretRef.name);
    }
    return failOn(findings);
  },
};
