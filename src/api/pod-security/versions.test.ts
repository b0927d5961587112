import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluatePod, type PodLike, type PodSecurityLevel } from './pod-security.ts';

const secure = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** A pod that meets every version of the restricted standard, with changes. */
const pod = (spec: object = {}, security: object = {}, container: object = {}): PodLike => ({
  metadata: {},
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'a', image: 'a', securityContext: { ...secure, ...security }, ...container }],
    ...spec,
  },
});
const ofPod = (security: object) =>
  pod({ securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' }, ...security } });
const sysctl = (name: string) => ofPod({ sysctls: [{ name, value: '1' }] });
const windows = (security: object, ofWindowsPod: object = {}) => ({
  ...pod({ os: { name: 'windows' }, securityContext: { runAsNonRoot: true, ...ofWindowsPod } }, security),
});
const inUserNamespace = { hostUsers: false, securityContext: { seccompProfile: { type: 'RuntimeDefault' } } };
const annotated = (annotations: Record<string, string>): PodLike => ({ ...pod(), metadata: { annotations } });

/** Where a verdict changes between one minor version and the next: `[what, level, pod, minor, verdict from there on]`. */
const boundaries: [string, PodSecurityLevel, PodLike, number, 'allowed' | 'refused'][] = [
  ['allowPrivilegeEscalation', 'restricted', pod({}, { allowPrivilegeEscalation: undefined }), 8, 'refused'],
  ['seccomp unset', 'restricted', pod({ securityContext: { runAsNonRoot: true } }), 19, 'refused'],
  ['seccomp field', 'baseline', ofPod({ seccompProfile: { type: 'Unconfined' } }), 19, 'refused'],
  ['profile without type', 'baseline', ofPod({ seccompProfile: {} }), 19, 'refused'],
  [
    'seccomp annotation',
    'baseline',
    annotated({ 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' }),
    19,
    'allowed',
  ],
  ['capabilities kept', 'restricted', pod({}, { capabilities: {} }), 22, 'refused'],
  ['CHOWN added', 'restricted', pod({}, { capabilities: { drop: ['ALL'], add: ['CHOWN'] } }), 22, 'refused'],
  ['runAsUser 0', 'restricted', pod({}, { runAsUser: 0 }), 23, 'refused'],
  ['windows escalation', 'restricted', windows({ allowPrivilegeEscalation: undefined }), 25, 'allowed'],
  ['windows seccomp', 'restricted', windows({}), 25, 'allowed'],
  [
    'windows capabilities',
    'restricted',
    windows({ capabilities: undefined }, { seccompProfile: { type: 'RuntimeDefault' } }),
    25,
    'allowed',
  ],
  ['reserved ports', 'baseline', sysctl('net.ipv4.ip_local_reserved_ports'), 27, 'allowed'],
  ['keepalive time', 'baseline', sysctl('net.ipv4.tcp_keepalive_time'), 29, 'allowed'],
  ['fin timeout', 'baseline', sysctl('net.ipv4.tcp_fin_timeout'), 29, 'allowed'],
  ['keepalive interval', 'baseline', sysctl('net.ipv4.tcp_keepalive_intvl'), 29, 'allowed'],
  ['keepalive probes', 'baseline', sysctl('net.ipv4.tcp_keepalive_probes'), 29, 'allowed'],
  ['container_engine_t', 'baseline', ofPod({ seLinuxOptions: { type: 'container_engine_t' } }), 31, 'allowed'],
  ['tcp_rmem', 'baseline', sysctl('net.ipv4.tcp_rmem'), 32, 'allowed'],
  ['tcp_wmem', 'baseline', sysctl('net.ipv4.tcp_wmem'), 32, 'allowed'],
  ['probe host', 'baseline', pod({}, {}, { livenessProbe: { httpGet: { host: 'x', port: 1 } } }), 34, 'refused'],
  ['hook host', 'baseline', pod({}, {}, { lifecycle: { preStop: { httpGet: { host: 'x' } } } }), 34, 'refused'],
  ['root of a user namespace', 'restricted', pod(inUserNamespace), 35, 'allowed'],
  ['procMount of a user namespace', 'baseline', pod({ hostUsers: false }, { procMount: 'Unmasked' }), 35, 'allowed'],
  ['slow start', 'baseline', sysctl('net.ipv4.tcp_slow_start_after_idle'), 37, 'allowed'],
  ['notsent lowat', 'baseline', sysctl('net.ipv4.tcp_notsent_lowat'), 37, 'allowed'],
];

for (const [what, level, changed, minor, verdict] of boundaries)
  test(`${what}: ${verdict} from v1.${minor} on, and not before`, () => {
    const allowedAt = (version: number) => evaluatePod(changed, { level, version }).length === 0;
    for (let version = minor - 3; version <= 40; version++)
      assert.equal(allowedAt(version), version >= minor === (verdict === 'allowed'), `v1.${version}`);
  });

test('what no version changes: these are allowed, or refused, by all of them', () => {
  const always: [PodSecurityLevel, PodLike, boolean][] = [
    ['restricted', pod(), true],
    ['restricted', pod({ volumes: [{ name: 'v', image: { reference: 'a' } }] }), true],
    ['restricted', pod({ hostUsers: false }, { procMount: 'Unmasked' }), false],
    ['baseline', pod({ volumes: [{ name: 'v', hostPath: null }] }), true],
    ['baseline', pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), false],
    ['baseline', ofPod({ seLinuxOptions: { type: null, user: null } }), true],
    ['baseline', pod({}, { appArmorProfile: {} }), false],
    ['baseline', annotated({ 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' }), false],
    ['baseline', annotated({ 'container.apparmor.security.beta.kubernetes.io/a': '' }), true],
    ['privileged', pod({ hostPID: true }), true],
  ];
  for (const [level, changed, allowed] of always)
    for (let version = 0; version <= 40; version++)
      assert.equal(
        evaluatePod(changed, { level, version }).length === 0,
        allowed,
        `${JSON.stringify(changed)} ${version}`,
      );
});

test('a refusal names all that set the wrong value at once, in the words of Kubernetes', () => {
  const annotation = { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' };
  const unconfined = { appArmorProfile: { type: 'Unconfined' } };
  const bad = { ...pod({ securityContext: unconfined }, unconfined), metadata: { annotations: annotation } };
  const [violation] = evaluatePod(bad, { level: 'baseline', version: 36 });
  assert.equal(violation!.reason, 'forbidden AppArmor profiles');
  assert.equal(
    violation!.detail,
    'pod and container "a" and annotation must not set AppArmor profile type to ' +
      '"Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined""',
  );
});
