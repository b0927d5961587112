import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { openEngine } from '../store.ts';
import { conformance } from '../testing/conformance.ts';
import { runAgainstModel, steps } from '../testing/model.ts';

conformance('memory', (options) => openEngine({ ...options, engine: 'memory' }));

test('any sequence of writes and compactions agrees with the obvious model', async () => {
  const withoutReopen = steps.map((all) => all.filter(({ type }) => type !== 'reopen'));
  await fc.assert(
    fc.asyncProperty(withoutReopen, (all) => runAgainstModel(all, () => openEngine({ engine: 'memory' }))),
  );
});
