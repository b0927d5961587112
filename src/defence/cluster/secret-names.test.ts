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

test('a password in a URL', () => {
  for (const text of [
    'postgres://web:hunter22@db/shop',
    'a=1 amqp+ssl://:hunter22@mq:5671/',
    'x redis://u:p%40ssw0rd@r',
  ])
    assert.ok(holdsKey(text), text);
  for (const text of [
    ...[
      'postgres://web@db/shop',
      'postgres://web:$(PASSWORD)@db',
      'https://web:${PASSWORD}@db',
      'http://host:8080/a@b',
      'docker://alpine:3.19@sha256:0123456789abcdef',
    ],
    ...['https://user:<password>@host', 'https://user:password@host', 'https://u:{{ .p }}@host', 'https://u:xxx@h'],
  ])
    assert.ok(!holdsKey(text), text);
});
