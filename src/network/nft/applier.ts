import type { Log } from '../../foundation/log.ts';
import { mustRun, type RunCommand } from '../command.ts';
import { dynamicElements } from './dynamic.ts';
import { changeScript, type NftTable, replaceScript } from './table.ts';

/** Keeps one table of the kernel equal to what it was last told. */
export type Applier = {
  /** Resolves when the kernel holds `wanted`. Calls are carried out in order. */
  apply(wanted: NftTable): Promise<void>;
  /** Puts the table back if something outside removed it (`nft flush ruleset`). */
  restore(): Promise<void>;
  remove(): Promise<void>;
};

/** The first `apply` replaces what an earlier process left; later ones send only what changed. */
export function createApplier(run: RunCommand, log: Log): Applier {
  let current: NftTable | undefined;
  let tail: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(step: () => Promise<T>): Promise<T> => {
    const next = tail.then(step);
    tail = next.catch(() => {});
    return next;
  };
  const load = (script: string) => mustRun(run, 'nft', ['-f', '-'], script);

  async function change(wanted: NftTable): Promise<void> {
    const before = current;
    if (before !== undefined) {
      const script = changeScript(before, wanted);
      if (script === '') return;
      try {
        await load(script);
        current = wanted;
        return;
      } catch (error) {
        log.warn('nftables refused a change: replacing the whole table', { table: wanted.name, error });
      }
    }
    // What the kernel holds after a failure is what it held before: one script is one transaction.
    // Clients that were sent to a backend stay with it.
    await load(replaceScript(wanted) + (await dynamicElements(run, wanted)));
    current = wanted;
  }

  return {
    apply: (wanted) => inOrder(() => change(wanted)),
    restore: () =>
      inOrder(async () => {
        if (current === undefined) return;
        const { family, name } = current;
        const { code } = await run('nft', ['-t', 'list', 'table', family, name]);
        if (code === 0) return;
        log.warn('an nftables table was removed from outside: putting it back', { table: name });
        await load(replaceScript(current));
      }),
    remove: () =>
      inOrder(async () => {
        if (current === undefined) return;
        await removeTable(run, current.family, current.name);
        current = undefined;
      }),
  };
}

/** Removes a table whether or not it is there. */
export async function removeTable(run: RunCommand, family: NftTable['family'], name: string): Promise<void> {
  await mustRun(run, 'nft', ['-f', '-'], `add table ${family} ${name}\ndelete table ${family} ${name}\n`);
}
