import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { silentLog } from '../../foundation/log.ts';
import { mustRun, type RunCommand, runCommand } from '../command.ts';
import { inPrivateNetwork } from '../testing/machine.ts';
import { createApplier } from './applier.ts';
import { addChain, addSet, changeScript, contentName, createTable, type NftTable, replaceScript } from './table.ts';

function example(addresses: string[], chains: Record<string, number[]>): NftTable {
  const table = createTable('ip', 'rempart_test_table');
  addSet(table, 'addresses', 'type ipv4_addr;', new Map(addresses.map((address) => [address, ''])));
  const verdicts = addSet(table, 'verdicts', 'type ipv4_addr : verdict;');
  for (const [address, ports] of Object.entries(chains)) {
    const rules = ports.map((port) => `tcp dport ${port} ip saddr @addresses accept`);
    const name = contentName('chain', rules.join());
    addChain(table, name, rules);
    verdicts.set(address, `goto ${name}`);
  }
  addChain(table, 'input', ['ip daddr vmap @verdicts'], 'type filter hook input priority filter; policy accept;');
  return table;
}

test('a change names only what changed', () => {
  const before = example(['10.0.0.1', '10.0.0.2'], { '10.1.0.1': [80] });
  const after = example(['10.0.0.2', '10.0.0.3'], { '10.1.0.1': [80] });
  assert.equal(
    changeScript(before, after),
    [
      'delete element ip rempart_test_table addresses { 10.0.0.1 }',
      'add element ip rempart_test_table addresses { 10.0.0.3 }',
      '',
    ].join('\n'),
  );
  assert.equal(changeScript(before, before), '');
});

test('a replacement begins by removing what is there, in the same transaction', () => {
  const lines = replaceScript(example(['10.0.0.1'], {})).split('\n');
  assert.deepEqual(lines.slice(0, 3), [
    'add table ip rempart_test_table',
    'delete table ip rempart_test_table',
    'add table ip rempart_test_table',
  ]);
});

const refusing = (fails: (script: string) => boolean) => {
  const scripts: string[] = [];
  const run: RunCommand = async (_, __, script = '') => {
    scripts.push(script);
    return fails(script) ? { code: 1, stdout: '', stderr: 'Error: busy' } : { code: 0, stdout: '', stderr: '' };
  };
  return { scripts, run };
};

test('when the kernel refuses a change, the whole table is replaced', async () => {
  const { scripts, run } = refusing((script) => script.startsWith('delete element'));
  const applier = createApplier(run, silentLog);
  await applier.apply(example(['10.0.0.1'], {}));
  await applier.apply(example(['10.0.0.2'], {}));
  assert.equal(scripts.length, 3);
  assert.equal(scripts[2], replaceScript(example(['10.0.0.2'], {})));
});

test('when the kernel refuses everything, the caller is told and the next call starts from what was', async () => {
  let broken = false;
  const { scripts, run } = refusing(() => broken);
  const applier = createApplier(run, silentLog);
  await applier.apply(example(['10.0.0.1'], {}));
  broken = true;
  await assert.rejects(applier.apply(example(['10.0.0.2'], {})), /nft -f - failed \(1\): Error: busy/);
  broken = false;
  await applier.apply(example(['10.0.0.3'], {}));
  assert.equal(scripts.at(-1), changeScript(example(['10.0.0.1'], {}), example(['10.0.0.3'], {})));
});

const tables = fc
  .record({
    addresses: fc.uniqueArray(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3')),
    chains: fc.dictionary(
      fc.constantFrom('10.1.0.1', '10.1.0.2', '10.1.0.3'),
      fc.uniqueArray(fc.constantFrom(80, 443, 8080)),
    ),
  })
  .map(({ addresses, chains }) => example(addresses, chains));

/** What the kernel holds, without handles and order. */
async function kernelState(): Promise<string[]> {
  const { nftables } = JSON.parse(
    await mustRun(runCommand, 'nft', ['-j', 'list', 'table', 'ip', 'rempart_test_table']),
  );
  const withoutOrder = (_: string, value: any) => {
    if (value?.handle !== undefined) value.handle = 0;
    if (Array.isArray(value?.elem)) value.elem = value.elem.map((element: unknown) => JSON.stringify(element)).sort();
    return value;
  };
  return nftables.map((object: object) => JSON.stringify(object, withoutOrder)).sort();
}

inPrivateNetwork('changes and replacements agree in the kernel', import.meta.filename, () => {
  test('the kernel holds the same after changes as after a replacement', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(tables, { minLength: 2, maxLength: 4 }), async (sequence) => {
        const applier = createApplier(runCommand, silentLog);
        for (const table of sequence) await applier.apply(table);
        const changed = await kernelState();
        await mustRun(runCommand, 'nft', ['-f', '-'], replaceScript(sequence.at(-1)!));
        assert.deepEqual(changed, await kernelState());
      }),
      { numRuns: 25 },
    );
  });

  test('a table that was flushed from outside is put back', async () => {
    const applier = createApplier(runCommand, silentLog);
    await applier.apply(example(['10.0.0.1'], { '10.1.0.1': [80] }));
    const before = await kernelState();
    await mustRun(runCommand, 'nft', ['flush', 'ruleset']);
    await applier.restore();
    assert.deepEqual(await kernelState(), before);
  });
});
