import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf } from '../api.ts';
import { defaultPullPolicy } from './defaults.ts';

const defaulted = (apiVersion: string, kind: string, spec: unknown): any => {
  const object: any = { metadata: { name: 'web' }, spec };
  kindOf(apiVersion, kind)!.defaults(object);
  return object.spec;
};

test('images without a tag and with the tag latest are always pulled', () => {
  const policies: [string, string][] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.27', 'IfNotPresent'],
    ['registry:5000/nginx', 'Always'],
    ['registry:5000/nginx:1.27', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
    ['nginx:latest@sha256:abc', 'Always'],
  ];
  for (const [image, policy] of policies) assert.equal(defaultPullPolicy(image), policy, image);
});

test('a pod takes its requests from its limits; a template does not', () => {
  const containers = () => [
    { name: 'a', image: 'a', resources: { limits: { cpu: '1' }, requests: { memory: '1Mi' } } },
  ];
  const pod = defaulted('v1', 'Pod', { containers: containers() });
  assert.deepEqual(pod.containers[0].resources.requests, { cpu: '1', memory: '1Mi' });
  const selector = { matchLabels: { a: 'b' } };
  const deployment = defaulted('apps/v1', 'Deployment', { selector, template: { spec: { containers: containers() } } });
  assert.deepEqual(deployment.template.spec.containers[0].resources.requests, { memory: '1Mi' });
  assert.equal(deployment.template.spec.enableServiceLinks, undefined);
});

test('what a pod does not ask for as a whole is what its containers ask for, or else what it is limited to', () => {
  const whole = (resources: object, ...ofContainers: object[]) =>
    defaulted('v1', 'Pod', {
      resources,
      containers: ofContainers.map((each, index) => ({ name: `c${index}`, image: 'a', resources: each })),
    }).resources;
  const asking = { requests: { cpu: '500m' }, limits: { 'hugepages-2Mi': '2Mi' } };
  assert.deepEqual(whole({ limits: { cpu: '4', memory: '1Gi' } }, asking, asking), {
    limits: { cpu: '4', memory: '1Gi', 'hugepages-2Mi': '4Mi' },
    requests: { cpu: '1', memory: '1Gi', 'hugepages-2Mi': '4Mi' },
  });
  assert.deepEqual(whole({ requests: { cpu: '2' } }, {}), { requests: { cpu: '2' } });
  assert.deepEqual(whole({}, asking), {});
});

test('a pod spec is filled as upstream fills it', () => {
  const spec = defaulted('v1', 'Pod', {
    serviceAccount: 'builder',
    hostNetwork: true,
    containers: [
      {
        name: 'a',
        image: 'a:1',
        ports: [{ containerPort: 80 }],
        livenessProbe: { httpGet: { port: 80 } },
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      },
    ],
    volumes: [{ name: 'a' }, { name: 'b', secret: { secretName: 's' } }, { name: 'c', hostPath: { path: '/' } }],
  });
  assert.deepEqual(spec, {
    serviceAccount: 'builder',
    serviceAccountName: 'builder',
    hostNetwork: true,
    containers: [
      {
        name: 'a',
        image: 'a:1',
        imagePullPolicy: 'IfNotPresent',
        resources: {},
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
        env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name', apiVersion: 'v1' } } }],
      },
    ],
    volumes: [
      { name: 'a', emptyDir: {} },
      { name: 'b', secret: { secretName: 's', defaultMode: 0o644 } },
      { name: 'c', hostPath: { path: '/', type: '' } },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: 'default-scheduler',
    enableServiceLinks: true,
  });
});

test('text written to a secret becomes its data', () => {
  const secret: any = { metadata: {}, stringData: { a: 'hi' }, data: { a: 'b2xk', b: 'eA==' } };
  kindOf('v1', 'Secret')!.defaults(secret);
  assert.deepEqual(secret, { metadata: {}, type: 'Opaque', data: { a: 'aGk=', b: 'eA==' } });
});
