import { type Check, failOn } from '../../contract.ts';
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
    ],
  },
  judge(object) {
    return failOn(
      Object.entries((object['data'] ?? {}) as Record<string, unknown>)
        .flatMap(([name, value]) => {
          const key = holdsKey(value);
          if (!key && !looksSecret(name, value)) return [];
          const detail = key ? `"${name}" holds a key` : `"${name}" looks like one, by its name`;
          return [
            { field: ['data', name], reason: 'secret in a ConfigMap', detail, severity: key ? 'high' : 'low' },
          ] as const;
        })
        .map((finding) => ({ ...finding, field: [...finding.field] })),
    );
  },
};
