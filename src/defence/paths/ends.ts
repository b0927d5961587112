import { UsageError } from '../../foundation/usage-error.ts';
import type { PathGraph } from './build.ts';
import type { Place } from './graph.ts';

const endsHelp =
  'internet, pod:NAMESPACE/NAME, workload:NAMESPACE/NAME, sa:NAMESPACE/NAME, user:NAME, group:NAME, node:NAME, ' +
  'secret:NAMESPACE/NAME, secrets, secrets:NAMESPACE, nodes, cluster-admin';

/** Is it written like one end of a path? */
export const isEnd = (text: string): boolean =>
  /^(internet|secrets|nodes|cluster-admin)$|^(pod|workload|sa|user|group|node|secret|secrets):./.test(text);

/** The places that a person means. Throws UsageError for what is not in the snapshot. */
export function placesOf(paths: PathGraph, text: string): Place[] {
  const found = findEnd(paths, text);
  if (found.length > 0 || /^(secrets|nodes)\b/.test(text)) return found;
  if (!isEnd(text)) throw new UsageError(`"${text}" is no end of a path: ${endsHelp}`);
  throw new UsageError(`${text} is not in what was read`);
}

/** The places of that name; none for what is not there. */
export function findEnd(paths: PathGraph, text: string): Place[] {
  const { graph } = paths;
  const [type = '', name = ''] = splitAt(text, ':');
  if (text === 'nodes') return graph.places.filter((place) => place.type === 'node');
  if (text === 'secrets') return graph.places.filter(isSecrets);
  if (type === 'secrets')
    return graph.places.filter(({ id }) => id === `secrets@${name}` || id.startsWith(`secret:${name}/`));
  if (type === 'pod' || type === 'workload') return workloads(paths, type, name);
  // A user without a binding is still one of those who are authenticated.
  const found = graph.find(text) ?? (type === 'user' ? graph.find('group:system:authenticated') : undefined);
  return found === undefined ? [] : [found];
}

/** A Secret, or every Secret of a namespace. */
export const isSecrets = ({ type, id }: Place): boolean => type === 'secret' || id.startsWith('secrets@');

/** `NAMESPACE/NAME`, with the kind in front or, as `rempart reach` has it, in between. */
function workloads({ graph, model }: PathGraph, type: string, name: string): Place[] {
  const parts = name.split('/');
  const short = parts.at(-1)!;
  const named = (namespace: string, kind = '') =>
    model
      .workloadsIn(namespace)
      .filter(({ ref, pods }) =>
        type === 'pod'
          ? pods.includes(short)
          : ref.name === short && ref.kind.toLowerCase().startsWith(kind.toLowerCase()),
      );
  const [first = '', second = ''] = parts;
  const found = parts.length < 3 ? named(first) : [...named(second, first), ...named(first, second)];
  return found.flatMap(({ ref }) => graph.find(`workload:${ref.kind}/${ref.namespace}/${ref.name}`) ?? []);
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
