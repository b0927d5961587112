import { type Check, type Finding, failOn } from '../../contract.ts';
import type { FieldPath } from '../../field.ts';
import { holdsKey, looksSecret } from '../secret-names.ts';

const configMap = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop' },
  data,
});

export const secretInConfigMap: Check = {
  id: 'secret-in-config-map',
  level: 'cluster',
  severity: 'medium',
  title: 'No ConfigMap holds a secret',
  kinds: ['ConfigMap'],
  why: 'ConfigMaps are not encrypted at rest, and many may read them who may not read secrets',
  mend: 'move the key into a Secret',
  benchmark: ['CIS 5.4.1', 'NSA authentication and authorization'],
  examples: {
    pass: [[configMap({ 'web.conf': 'password_file /secret/password' })]],
    fail: [
      [configMap({ password: 'correct-horse' })],
      [configMap({ 'tls.pem': '-----BEGIN RSA PRIVATE KEY-----\nMII' })],
      [{ ...configMap({}), binaryData: { 'tls.pem': btoa('-----BEGIN RSA PRIVATE KEY-----\nMII') } }],
    ],
  },
  judge(object) {
    const texts = Object.entries((object['data'] ?? {}) as Record<string, unknown>);
    const binary = Object.entries((object['binaryData'] ?? {}) as Record<string, string>);
    return failOn([
      ...texts.flatMap(([name, value]) => findingOf(['data', name], name, value)),
      ...binary.flatMap(([name, value]) =>
        findingOf(['binaryData', name], name, Buffer.from(value, 'base64').toString('latin1')),
      ),
    ]);
  },
};

function findingOf(field: FieldPath, name: string, value: unknown): Finding[] {
  const key = holdsKey(value);
  if (!key && !looksSecret(name, value)) return [];
  const detail = key ? `"${name}" holds a key or a password` : `"${name}" looks like one, by its name`;
  return [{ field, reason: 'secret in a ConfigMap', detail, severity: key ? 'high' : 'low' }];
}
