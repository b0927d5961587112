import { noObservations } from '../../../api/observations/observation.ts';
import type { Manifest } from '../../contract.ts';
import { account, clusterOf, namespace, node, secret } from '../../testing/worlds.ts';
import { findPaths } from '../paths.ts';

/** Who begins most paths of the tests: in namespace a, without any right of its own. */
export const robot = account('a', 'robot');

/** What most tests stand on: two namespaces with a Secret each, and two nodes. */
export const ground: Manifest[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'a', name: 'robot' } },
  namespace('a'),
  namespace('b'),
  secret('a', 'one'),
  secret('b', 'two'),
  node('n1'),
  node('n2'),
];

/** The places of the cheapest path, and its cost. */
export function easiest(objects: Manifest[], from: string, to: string, closedByDefault = false): string {
  const [path] = findPaths(clusterOf(objects, { closedByDefault }), from, to, noObservations()).paths;
  return path === undefined
    ? 'none'
    : `${[path.from, ...path.steps.map((step) => step.to)].join(' > ')} (${path.cost})`;
}
