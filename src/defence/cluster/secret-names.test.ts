import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdsKey, looksSecret } from './secret-names.ts';

test('what looks like a secret by its name and value', () => {
  for (const name of ['password', 'DB_PASSWD', 'api-key', 'ACCESS_KEY', 'client-secret', 'authToken', 'DB_PASS'])
    assert.ok(looksSecret(name, 'correct-horse'), name);
});

test('what is only about a secret is none', () => {
  for (const name of [
    'password-file',
    'TOKEN_TTL',
    'secret-name',
    'password-stdin',
    'token_expiration',
    'api-key-header',
  ])
    assert.ok(!looksSecret(name, 'correct-horse'), name);
  for (const value of ['/run/secret', '$(PASSWORD)', 'true', '300s', '10', '', '{{ .Values.password }}', 7])
    assert.ok(!looksSecret('password', value), String(value));
});

test('keys of known forms', () => {
  assert.ok(holdsKey('x\n-----BEGIN RSA PRIVATE KEY-----\n'));
  assert.ok(holdsKey(`ghp_${'a'.repeat(36)}`));
  assert.ok(!holdsKey('-----BEGIN CERTIFICATE-----'));
});
