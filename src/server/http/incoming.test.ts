import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { Services } from '../context.ts';
import type { Limits } from '../limits.ts';
import { serve } from './incoming.ts';

test('a request whose client went away before its turn is not begun', async () => {
  const nothing = new Proxy({}, { get: (_, name) => assert.fail(`${String(name)} was asked for`) });
  const gone = { destroyed: true } as IncomingMessage;
  await serve(nothing as Services, nothing as Limits, gone, nothing as ServerResponse);
});
