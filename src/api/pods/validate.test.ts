import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kind, podWith } from './testing/pod.ts';

const errorsOf = (change: (pod: any) => void) =>
  kind.validate(podWith(change)).map(({ field, message }) => `${field}: ${message}`);

const refused: [string, (spec: any, container: any, pod: any) => void, RegExp][] = [
  ['no containers', (spec) => (spec.containers = []), /^spec\.containers: Required value$/],
  ['a container without a name', (_, c) => delete c.name, /containers\[0\]\.name: Required value/],
  ['a container without an image', (_, c) => delete c.image, /containers\[0\]\.image: Required value/],
  [
    'a name in capitals',
    (_, c) => (c.name = 'App'),
    /containers\[0\]\.name: Invalid value: "App": a lowercase RFC 1123/,
  ],
  [
    'two containers of one name',
    (spec, c) => spec.containers.push({ ...c, ports: [] }),
    /\[1\]\.name: Duplicate value/,
  ],
  [
    'an init container of the same name',
    (spec) => (spec.initContainers = [{ name: 'app', image: 'x' }]),
    /initContainers\[0\]\.name: Dup/,
  ],
  ['a port out of range', (_, c) => (c.ports[0].containerPort = 65536), /must be between 1 and 65535/],
  ['a port name with capitals', (_, c) => (c.ports[0].name = 'HTTP'), /ports\[0\]\.name: Invalid value/],
  [
    'one host port twice',
    (_, c) => (c.ports = [1, 2].map((n) => ({ containerPort: n, hostPort: 80 }))),
    /hostPort: Dup/,
  ],
  ['a mount of no volume', (_, c) => (c.volumeMounts[0].name = 'x'), /volumeMounts\[0\]\.name: Not found: "x"/],
  ['two mounts at one path', (_, c) => c.volumeMounts.push({ name: 'data', mountPath: '/data' }), /must be unique/],
  [
    'mounts that come out of a container that is not privileged',
    (_, c) => (c.volumeMounts[0].mountPropagation = 'Bidirectional'),
    /volumeMounts\[0\]\.mountPropagation: Forbidden: Bidirectional .* only to privileged containers/,
  ],
  ['a sub-path that leaves the volume', (_, c) => (c.volumeMounts[0].subPath = 'a/../../b'), /must not contain '\.\.'/],
  [
    'a volume of two sources',
    (spec) => (spec.volumes[0].hostPath = { path: '/' }),
    /may not specify more than 1 volume/,
  ],
  ['a host path that climbs', (spec) => (spec.volumes[0] = { name: 'data', hostPath: { path: '/a/../b' } }), /'\.\.'/],
  [
    'an item that leaves its volume',
    (spec) => spec.volumes.push({ name: 's', secret: { secretName: 's', items: [{ key: 'a', path: '../a' }] } }),
    /items\[0\]\.path/,
  ],
  ['an unknown restart policy', (spec) => (spec.restartPolicy = 'Sometimes'), /Unsupported value: "Sometimes"/],
  [
    'more requested than allowed',
    (_, c) => (c.resources = { requests: { cpu: '2' }, limits: { cpu: '1' } }),
    /requests: Invalid value: "2": must be less than or equal to cpu limit of 1/,
  ],
  ['a negative request', (_, c) => (c.resources = { requests: { cpu: '-1' } }), /must be greater than or equal to 0/],
  ['half a device', (_, c) => (c.resources = { limits: { 'example.com/gpu': '500m' } }), /must be an integer/],
  [
    'a probe of two kinds',
    (_, c) => (c.livenessProbe = { exec: { command: ['x'] }, tcpSocket: { port: 1 } }),
    /more than 1 handler/,
  ],
  [
    'a probe of no kind',
    (_, c) => (c.readinessProbe = {}),
    /readinessProbe: Required value: must specify a handler type/,
  ],
  [
    'a liveness probe that succeeds twice',
    (_, c) => (c.livenessProbe = { tcpSocket: { port: 1 }, successThreshold: 2 }),
    /must be 1/,
  ],
  [
    'a probe of an init container',
    (spec) => (spec.initContainers = [{ name: 'i', image: 'x', readinessProbe: {} }]),
    /without restartPolicy=Always/,
  ],
  [
    'a variable from two sources',
    (_, c) => (c.env = [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }]),
    /may not be specified when `value`/,
  ],
  [
    'a variable from an unknown field',
    (_, c) => (c.env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.x' } } }]),
    /field label not supported/,
  ],
  [
    'privileged without escalation',
    (_, c) => (c.securityContext = { privileged: true, allowPrivilegeEscalation: false }),
    /cannot set/,
  ],
  ['a user that cannot be', (spec) => (spec.securityContext = { runAsUser: -1 }), /must be between 0 and 2147483647/],
  [
    'a seccomp profile without a file',
    (spec) => (spec.securityContext = { seccompProfile: { type: 'Localhost' } }),
    /localhostProfile: Required/,
  ],
  [
    'a toleration of seconds without NoExecute',
    (spec) => (spec.tolerations = [{ key: 'a', tolerationSeconds: 1 }]),
    /must be 'NoExecute'/,
  ],
  [
    'an affinity of no weight',
    (spec) =>
      (spec.affinity = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ preference: {} }] } }),
    /must be in the range 1-100/,
  ],
  [
    'a spread of no topology',
    (spec) => (spec.topologySpreadConstraints = [{ maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }]),
    /topologyKey: Required/,
  ],
  ['DNS of its own without a server', (spec) => (spec.dnsPolicy = 'None'), /at least one DNS nameserver/],
  [
    'a token that lives a minute',
    (spec) =>
      spec.volumes.push({
        name: 't',
        projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 60 } }] },
      }),
    /between 600 and/,
  ],
  ['a name with an underscore', (_s, _c, pod) => (pod.metadata.name = 'a_b'), /metadata\.name: Invalid value/],
  [
    'a label that is too long',
    (_s, _c, pod) => (pod.metadata.labels = { a: 'x'.repeat(64) }),
    /must be no more than 63 bytes/,
  ],
  [
    'annotations of 300 kB',
    (_s, _c, pod) => (pod.metadata.annotations = { a: 'x'.repeat(300_000) }),
    /Too long: may not be more than 262144 bytes/,
  ],
  [
    'two controlling owners',
    (_s, _c, pod) =>
      (pod.metadata.ownerReferences = ['a', 'b'].map((name) => ({
        apiVersion: 'v1',
        kind: 'X',
        name,
        uid: name,
        controller: true,
      }))),
    /Only one reference/,
  ],
];

for (const [what, change, message] of refused)
  test(`a pod is refused for ${what}`, () => {
    const errors = errorsOf((pod) => change(pod.spec, pod.spec.containers[0], pod));
    assert.ok(
      errors.some((error) => message.test(error)),
      `${message} in ${JSON.stringify(errors)}`,
    );
  });

const accepted: [string, (spec: any, container: any) => void][] = [
  [
    'a sidecar with probes',
    (spec) =>
      (spec.initContainers = [
        { name: 's', image: 'x', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 1 } } },
      ]),
  ],
  [
    'one host port for two protocols',
    (_, c) => (c.ports = ['TCP', 'UDP'].map((protocol) => ({ containerPort: 53, hostPort: 53, protocol }))),
  ],
  [
    'every projected source',
    (spec) =>
      spec.volumes.push({
        name: 'p',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
            { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
          ],
        },
      }),
  ],
  [
    'a label from the downward API',
    (_, c) =>
      (c.env = [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app.kubernetes.io/name']" } } }]),
  ],
  ['a toleration of everything', (spec) => (spec.tolerations = [{ operator: 'Exists' }])],
  ['a probe of a named port', (_, c) => (c.readinessProbe = { httpGet: { port: 'http' } })],
];

for (const [what, change] of accepted)
  test(`a pod is accepted with ${what}`, () => {
    assert.deepEqual(
      errorsOf((pod) => change(pod.spec, pod.spec.containers[0])),
      [],
    );
  });
