import { type Check, type Finding, failOn, notApplicable } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

const dayMaxSeconds = 86_400;
const hourSeconds = 3600;

const asking = (expirationSeconds?: number) =>
  examplePod(({ spec }) => {
    const serviceAccountToken = { path: 'token', ...(expirationSeconds ? { expirationSeconds } : {}) };
    spec.volumes = [{ name: 'token', projected: { sources: [{ serviceAccountToken }] } }];
  });

export const tokenLifetime: Check = {
  id: 'token-lifetime',
  level: 'cluster',
  severity: 'medium',
  title: 'No mounted token lives for more than a day',
  kinds: workloadKinds,
  why: 'a stolen token works until it expires; the node renews those that are mounted, so a short life costs nothing',
  mend: 'set expirationSeconds to 3600',
  benchmark: ['NSA authentication and authorization'],
  examples: { pass: [[asking()], [asking(dayMaxSeconds)]], fail: [[asking(dayMaxSeconds + 1)]] },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    const findings: Finding[] = [];
    for (const [index, volume] of ((found.pod.spec['volumes'] ?? []) as Record<string, any>[]).entries())
      for (const [number, { serviceAccountToken }] of (volume['projected']?.sources ?? []).entries()) {
        const seconds = serviceAccountToken?.expirationSeconds;
        if (typeof seconds !== 'number' || seconds <= dayMaxSeconds) continue;
        const place = [
          'spec',
          'volumes',
          index,
          'projected',
          'sources',
          number,
          'serviceAccountToken',
          'expirationSeconds',
        ];
        const field = [...found.prefix, ...place];
        const patch = [{ op: 'replace', path: pointer(field), value: hourSeconds }];
        findings.push({ field, reason: 'token that lives long', detail: `${seconds} seconds`, patch });
      }
    return failOn(findings);
  },
};
