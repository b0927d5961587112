import { type Check, type Finding, failOn, type Manifest, notAssessed, pass } from '../../contract.ts';

const group = 'admissionregistration.k8s.io';
const policy = (spec: object = {}): Manifest => ({
  apiVersion: `${group}/v1`,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name: 'no-latest' },
  spec: {
    matchConstraints: {
      resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
    },
    validations: [{ expression: 'true' }],
    ...spec,
  },
});
const binding = (validationActions: string[], policyName = 'no-latest'): Manifest => ({
  apiVersion: `${group}/v1`,
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name: 'everywhere' },
  spec: { policyName, validationActions },
});

export const policyWithoutEffect: Check = {
  id: 'policy-without-effect',
  level: 'cluster',
  severity: 'medium',
  title: 'Every ValidatingAdmissionPolicy refuses something',
  kinds: [`ValidatingAdmissionPolicy.${group}`],
  why: 'a policy that nothing binds, or that only warns, is believed to protect and does not',
  mend: 'bind it with validationActions: [Deny]',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[policy(), binding(['Deny'])]],
    fail: [
      [policy(), binding(['Audit', 'Warn'])],
      [policy({ failurePolicy: 'Ignore' }), binding(['Deny'])],
      [policy(), binding(['Deny'], 'other')],
    ],
  },
  judge({ metadata, spec }, context) {
    const findings: Finding[] = [];
    const bindings = context.of(`ValidatingAdmissionPolicyBinding.${group}`);
    const own = bindings.filter((each) => each['spec']?.policyName === metadata.name);
    if (own.length === 0) {
      if (context.source === 'manifests' && bindings.length === 0) return notAssessed('its binding may be elsewhere');
      findings.push({
        field: ['metadata', 'name'],
        reason: 'policy without binding',
        detail: 'nothing is held against it',
      });
    } else if (!own.some((each) => each['spec'].validationActions?.includes('Deny')))
      findings.push({
        ...{ field: ['metadata', 'name'], reason: 'policy that refuses nothing', severity: 'low' },
        detail: `${own.map((each) => each.metadata.name).join(', ')} only warns or audits`,
      });
    if (spec?.failurePolicy === 'Ignore')
      findings.push({
        ...{ field: ['spec', 'failurePolicy'], reason: 'fails open', severity: 'low' },
        detail: 'an expression that ends in an error lets the request pass',
      });
    return findings.length === 0 ? pass : failOn(findings);
  },
};
