import { test } from 'node:test';
import { checkRuntime } from '../testing/conformance.ts';
import { cannotRunContainerd, startTestHost } from '../testing/host.ts';

test('containerd keeps the contract', { skip: cannotRunContainerd }, async (t) => {
  await checkRuntime(t, await startTestHost(t));
});
