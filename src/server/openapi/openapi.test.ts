import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds as builtIn } from '../../api/api.ts';
import { enumOf } from '../../api/validation/enums.ts';
import { createKinds } from '../kinds.ts';
import type { PathContext } from '../paths.ts';
import { respondToOpenApi } from './openapi.ts';

test('the hash for which clients keep a document changes with the values that a field may have', () => {
  const index = () => {
    const context = { target: { path: '/openapi/v3', query: new URLSearchParams() }, kinds: createKinds(builtIn) };
    return (respondToOpenApi(context as unknown as PathContext)!.body as { value: unknown }).value;
  };
  const before = index();
  assert.deepEqual(index(), before);
  enumOf(['ClusterIP', 'Other'], 'core.v1.ServiceSpec.type');
  assert.notDeepEqual(index(), before);
});

test('a document is made once, in whichever form it is asked for: it takes a tenth of a second', () => {
  const kinds = createKinds(builtIn);
  const ask = (path: string, accept: string) => {
    const target = { path, query: new URLSearchParams() };
    const context = { target, kinds, version: 'v1', request: { accept, ifNoneMatch: '' } } as unknown as PathContext;
    return respondToOpenApi(context)!.body as { bytes: unknown };
  };
  const protobuf = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  for (const [path, accept] of [
    ['/openapi/v2', protobuf],
    ['/openapi/v2', ''],
    ['/openapi/v3/apis/apps/v1', ''],
  ] as const)
    assert.equal(ask(path, accept).bytes, ask(path, accept).bytes, `${path} ${accept}`);
});
