import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definition, hasDefinition } from '../../api/schema/definitions.ts';
import { valuesMax } from '../../api/schema/parse.ts';
import { ApiError } from '../../api/status.ts';
import { decodeProtobuf } from './decode.ts';
import { messageOf } from './messages.ts';
import numbers from './numbers.json' with { type: 'json' };

/** Writes messages the way Go does, so that the test does not read with what it writes with. */
type Part = Buffer;
const varint = (value: number | bigint): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
};
const number = (field: number, value: number | bigint): Part => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field: number, ...parts: (Part | string)[]): Part => {
  const inner = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
  return Buffer.concat([varint((field << 3) | 2), varint(inner.length), inner]);
};
const unknown = (apiVersion: string, kind: string, ...raw: Part[]) =>
  Buffer.concat([Buffer.from('k8s\0'), bytes(1, bytes(1, apiVersion), bytes(2, kind)), bytes(2, ...raw)]);

test('strings, maps, lists, nested messages and inlined ones come out as in JSON', () => {
  const metadata = bytes(1, bytes(1, 'web'), bytes(3, ''), bytes(11, bytes(1, 'app'), bytes(2, 'web')), bytes(8));
  const volume = bytes(1, bytes(1, 'cache'), bytes(2, bytes(2, bytes(1, ''))));
  const probe = bytes(10, bytes(1, bytes(2, bytes(1, '/ok'), bytes(2, number(1, 0), number(2, 8080)))), number(2, 5));
  const resources = bytes(8, bytes(2, bytes(1, 'cpu'), bytes(2, bytes(1, '100m'))));
  const container = bytes(2, bytes(1, 'main'), bytes(2, 'nginx'), probe, resources);
  const pod = decodeProtobuf(unknown('v1', 'Pod', metadata, bytes(2, volume, container, number(11, 0)))) as any;
  assert.deepEqual(pod.metadata, { name: 'web', labels: { app: 'web' } });
  assert.deepEqual(pod.spec.volumes, [{ name: 'cache', emptyDir: {} }]);
  assert.deepEqual(pod.spec.containers[0].livenessProbe, {
    httpGet: { path: '/ok', port: 8080 },
    initialDelaySeconds: 5,
  });
  assert.deepEqual(pod.spec.containers[0].resources.requests, { cpu: '100m' });
  assert.equal(pod.spec.hostNetwork, undefined);
});

test('a zero is kept where Go has a pointer, and dropped where it cannot be absent', () => {
  const spec = bytes(2, number(1, 0), number(7, 0));
  const { spec: decoded } = decodeProtobuf(unknown('apps/v1', 'Deployment', spec)) as any;
  assert.equal(decoded.replicas, 0);
  assert.equal(decoded.paused, undefined);
});

test('negative numbers, times, bytes and int-or-string texts', () => {
  const secret = decodeProtobuf(
    unknown(
      'v1',
      'Secret',
      bytes(1, bytes(1, 's'), bytes(8, number(1, 1_700_000_000))),
      bytes(2, bytes(1, 'k'), bytes(2, 'v')),
    ),
  ) as any;
  assert.equal(secret.data.k, Buffer.from('v').toString('base64'));
  assert.equal(secret.metadata.creationTimestamp, '2023-11-14T22:13:20Z');
  const budget = decodeProtobuf(
    unknown('policy/v1', 'PodDisruptionBudget', bytes(2, bytes(1, number(1, 1), bytes(3, '50%')))),
  ) as any;
  assert.equal(budget.spec.minAvailable, '50%');
  const priority = decodeProtobuf(unknown('scheduling.k8s.io/v1', 'PriorityClass', number(2, -5n))) as any;
  assert.equal(priority.value, -5);
});

test('every field of every message has the name that JSON gives it', () => {
  const fieldsOf = (name: string): string[] =>
    [...messageOf(name)!.values()].flatMap(({ name, inline }) => (inline === undefined ? name : fieldsOf(inline)));
  const unnamed = Object.keys(numbers).flatMap((name) => {
    const full = [name, `io.k8s.api.${name}`].find(hasDefinition);
    const { properties = {} } = full === undefined ? {} : definition(full);
    const named = new Set([...fieldsOf(name), 'apiVersion', 'kind']);
    return Object.keys(properties)
      .filter((property) => !named.has(property))
      .map((property) => `${name}.${property}`);
  });
  assert.deepEqual(unnamed, []);
  const webhooks = unknown(
    'admissionregistration.k8s.io/v1',
    'ValidatingWebhookConfiguration',
    bytes(2, bytes(1, 'a')),
  );
  assert.deepEqual((decodeProtobuf(webhooks) as any).webhooks, [{ name: 'a' }]);
});

test('options come under the group of what they are for', () => {
  const options = decodeProtobuf(unknown('apps/v1', 'DeleteOptions', number(1, 0), bytes(4, 'Foreground'))) as any;
  assert.equal(options.gracePeriodSeconds, 0);
  assert.equal(options.propagationPolicy, 'Foreground');
});

test('malformed messages are refused as bad requests', () => {
  const bad = [
    Buffer.from('k8s'),
    Buffer.from('k8s\0\x0a\xff', 'latin1'),
    unknown('v1', 'Nonsense'),
    unknown('v1', 'Pod', Buffer.from([0x0b])),
    unknown('v1', 'Pod', Buffer.from([0x0a, 0x7f, 1])),
    unknown('v1', 'Pod', number(2, 5)),
  ];
  for (const body of bad)
    assert.throws(
      () => decodeProtobuf(body),
      (error) => error instanceof ApiError && error.code === 400,
    );
});

test('a body of many empty messages or numbers is not decoded to its end', () => {
  const isTooLarge = (error: unknown) => error instanceof ApiError && error.reason === 'RequestEntityTooLarge';
  // One field is around them.
  const containers = (length: number) => bytes(2, ...Array(length).fill(bytes(2)));
  const pod = decodeProtobuf(unknown('v1', 'Pod', containers(valuesMax - 1))) as any;
  assert.equal(pod.spec.containers.length, valuesMax - 1);
  assert.throws(() => decodeProtobuf(unknown('v1', 'Pod', containers(valuesMax))), isTooLarge);
  const groups = (length: number) => bytes(2, bytes(14, bytes(4, Buffer.alloc(length, 1))));
  assert.throws(() => decodeProtobuf(unknown('v1', 'Pod', groups(valuesMax))), isTooLarge);
});
