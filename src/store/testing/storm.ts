import { openEngine } from '../store.ts';
import { bytes } from './conformance.ts';

/**
 * A process that writes until it is killed: puts and deletes of few keys from many tasks at once. Each acknowledged
 * write is said on standard output, `revision type key value`, one per line.
 */
const [path, tasks] = [process.argv[2]!, 32];
const engine = await openEngine({ engine: 'sqlite', path, historyEventsMax: 500 });
const start = engine.revision();

async function task(number: number): Promise<never> {
  for (let round = 0; ; round++) {
    const key = `/storm/${number}-${round % 3}`;
    const current = engine.get(key);
    const value = `${start}-${number}-${round}`;
    const expected = current?.modRevision ?? 0;
    const remove = current !== undefined && round % 5 === 4;
    const result = await (remove
      ? engine.delete({ key, expected })
      : engine.put({ key, value: bytes(value), expected }));
    if (!result.ok) throw new Error(`nobody else writes ${key}`);
    const type = remove ? 'delete' : 'put';
    process.stdout.write(`${result.entry.modRevision} ${type} ${key} ${remove ? '' : value}\n`);
  }
}

await Promise.all(Array.from({ length: tasks }, (_, number) => task(number)));
