import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonPatch } from '../merge/json-patch.ts';
import { mendingPatch } from './mend.ts';
import { describeViolations, evaluatePod, type PodLike, podSecurityChecks, readVersion } from './pod-security.ts';

const secure = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const podSecurityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };

/** A pod that meets the restricted standard, with changes. */
const pod = (spec: object = {}, container: object = {}, security: object = {}): PodLike => ({
  metadata: {},
  spec: {
    securityContext: podSecurityContext,
    containers: [{ name: 'a', image: 'a', securityContext: { ...secure, ...security }, ...container }],
    ...spec,
  },
});
const ofPod = (security: object) => pod({ securityContext: { ...podSecurityContext, ...security } });
const hostProbe = { livenessProbe: { httpGet: { port: 1, host: '10.0.0.1' } } };
const unmasked = { procMount: 'Unmasked' };

/** What each check refuses: alone, of the newest version unless one is named. */
const refused: Record<string, [pod: PodLike, version?: string][]> = {
  hostNamespaces: [[pod({ hostPID: true })], [pod({ hostNetwork: true })]],
  privileged: [[pod({}, {}, { privileged: true })]],
  hostPathVolumes: [[pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] })]],
  hostPorts: [
    [pod({}, { ports: [{ hostPort: 80 }] })],
    [pod({ initContainers: [{ name: 'i', ports: [{ hostPort: 1 }] }] })],
  ],
  hostProbesAndHostLifecycle: [
    [pod({}, hostProbe)],
    [pod({}, { lifecycle: { preStop: { tcpSocket: { host: 'x' } } } }), 'v1.34'],
  ],
  appArmorProfile: [[pod({}, {}, { appArmorProfile: { type: 'Unconfined' } })]],
  capabilities_baseline: [[pod({}, {}, { capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } })]],
  procMount: [[pod({}, {}, unmasked)], [pod({ hostUsers: false }, {}, unmasked), 'v1.34']],
  seLinuxOptions: [
    [ofPod({ seLinuxOptions: { type: 'spc_t' } })],
    [ofPod({ seLinuxOptions: { type: 'container_engine_t' } }), 'v1.30'],
  ],
  seccompProfile_baseline: [[ofPod({ seccompProfile: { type: 'Unconfined' } })]],
  sysctls: [
    [ofPod({ sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] }), 'v1.31'],
    [ofPod({ sysctls: [{ name: 'kernel.x' }] })],
  ],
  windowsHostProcess: [[ofPod({ windowsOptions: { hostProcess: true } })]],
  allowPrivilegeEscalation: [[pod({}, {}, { allowPrivilegeEscalation: undefined })]],
  capabilities_restricted: [
    [pod({}, {}, { capabilities: undefined })],
    [pod({}, {}, { capabilities: { drop: ['ALL'], add: ['KILL'] } })],
  ],
  restrictedVolumes: [[pod({ volumes: [{ name: 'v', nfs: { server: 'x', path: '/' } }] })]],
  runAsNonRoot: [
    [ofPod({ runAsNonRoot: undefined })],
    [pod({}, {}, { runAsNonRoot: false })],
    [pod({ hostUsers: false }, {}, { runAsNonRoot: false }), 'v1.34'],
  ],
  runAsUser: [[ofPod({ runAsUser: 0 })]],
  seccompProfile_restricted: [[ofPod({ seccompProfile: undefined })]],
  procMount_restricted: [[pod({ hostUsers: false }, {}, unmasked)]],
};

const accepted: [pod: PodLike, version?: string][] = [
  [pod()],
  [
    pod({
      volumes: [
        { name: 'v', csi: {} },
        { name: 'i', image: {} },
      ],
    }),
  ],
  [pod({ hostUsers: false, securityContext: { seccompProfile: { type: 'Localhost' } } }, {}, { runAsUser: 0 })],
  [
    pod(
      { os: { name: 'windows' }, securityContext: { runAsNonRoot: true } },
      {},
      { capabilities: undefined, allowPrivilegeEscalation: undefined },
    ),
  ],
  [pod({}, hostProbe), 'v1.33'],
  [ofPod({ sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] }), 'v1.32'],
];

for (const { id, level } of podSecurityChecks)
  test(`${id} refuses what it should, and only that is wrong`, () => {
    for (const [bad, version = 'latest'] of refused[id]!) {
      const violations = evaluatePod(bad, { level, version: readVersion(version)! });
      assert.deepEqual(
        violations.map(({ check }) => check),
        [id],
      );
      assert.ok(violations[0]!.offences.length > 0);
    }
  });

test('pods that the newest rules allow are allowed', () => {
  for (const [good, version = 'latest'] of accepted)
    assert.deepEqual(evaluatePod(good, { level: 'restricted', version: readVersion(version)! }), []);
});

test('every check file is in the list, and every check names its versions in order', () => {
  const files = readdirSync(join(import.meta.dirname, 'checks'));
  assert.equal(podSecurityChecks.length, files.length + 1, 'proc-mount.ts holds two');
  for (const { versions } of podSecurityChecks)
    assert.deepEqual(
      versions.map(({ since }) => since),
      versions.map(({ since }) => since).toSorted((a, b) => a - b),
    );
});

test('a plain pod is told everything at once, in the words of Kubernetes', () => {
  const plain = { spec: { containers: [{ name: 'web', image: 'nginx' }] } };
  assert.equal(
    describeViolations(evaluatePod(plain, { level: 'restricted', version: 'latest' })),
    'allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "web" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
});

test('the patch that is offered mends the pod, and none is offered that does not', () => {
  const policy = { level: 'restricted', version: 'latest' } as const;
  const plain: PodLike = {
    spec: { containers: [{ name: 'a', ports: [{ hostPort: 1 }] }, { name: 'b' }], hostPID: true },
  };
  const owner = { spec: { template: structuredClone(plain) } };
  const patch = mendingPatch(plain, evaluatePod(plain, policy), policy, '/spec/template');
  jsonPatch(owner, patch);
  assert.deepEqual(evaluatePod(owner.spec.template, policy), []);
  const rooted = pod({ volumes: [{ name: 'v', hostPath: { path: '/' } }] });
  assert.equal(mendingPatch(rooted, evaluatePod(rooted, policy), policy), undefined);
});
