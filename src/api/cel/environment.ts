import { spendOnCall, spendOnResult } from './costs.ts';
import { currentEvaluation } from './evaluation.ts';
import { addresses } from './extensions/addresses.ts';
import { authorization } from './extensions/authorization.ts';
import { collections } from './extensions/collections.ts';
import { conversions } from './extensions/conversions.ts';
import { formats } from './extensions/formats.ts';
import { formatting } from './extensions/formatting.ts';
import { lists } from './extensions/lists.ts';
import { loops } from './extensions/loops.ts';
import { optionals } from './extensions/optionals.ts';
import { patterns } from './extensions/patterns.ts';
import { quantities } from './extensions/quantities.ts';
import { sets } from './extensions/sets.ts';
import { texts } from './extensions/texts.ts';
import { times } from './extensions/times.ts';
import { urls } from './extensions/urls.ts';
import { versions } from './extensions/versions.ts';
import { type CelEnv, library } from './library.ts';
import { createToolkit, type Toolkit } from './toolkit.ts';

const extensions = [
  ...[
    lists,
    collections,
    sets,
    texts,
    conversions,
    times,
    formatting,
    patterns,
    quantities,
    versions,
    urls,
    addresses,
    formats,
  ],
  ...[authorization, optionals, loops],
];

export type Environment = { env: CelEnv; toolkit: Toolkit };
let made: Environment | undefined;

/** CEL with the functions that Kubernetes adds (https://kubernetes.io/docs/reference/using-api/cel/), every call metered. */
export function environment(): Environment {
  made ??= create();
  return made;
}

function create(): Environment {
  const { celEnv } = library.cel;
  const { toolkit, registry } = createToolkit();
  const funcs = [...library.strings, ...extensions.flatMap((extension) => extension(toolkit))];
  const plain = celEnv({ funcs, registry });
  const env = Object.create(plain, { funcs: { value: metered(plain.funcs) } }) as CelEnv;
  return { env, toolkit };
}

/** The same functions; each call is paid for. What cannot be paid throws, and no operator of CEL catches it. */
function metered(funcs: CelEnv['funcs']): CelEnv['funcs'] {
  const find: CelEnv['funcs']['find'] = (name) => {
    const group = funcs.find(name);
    if (group === undefined) return undefined;
    const call: typeof group.call = (id, target, args) => {
      const { budget } = currentEvaluation();
      spendOnCall(budget, name, target === undefined ? args : [target, ...args]);
      const result = group.call(id, target, args);
      spendOnResult(budget, result);
      return result;
    };
    return { name, call, [Symbol.iterator]: () => group[Symbol.iterator]() };
  };
  return { find, [Symbol.iterator]: () => funcs[Symbol.iterator]() } as CelEnv['funcs'];
}
