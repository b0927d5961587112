import type { Kind } from '../api/kind.ts';
import { apiVersionOf, resourceName } from '../api/kind.ts';

/** Every kind that is served right now. Custom resources come and go while the server runs. */
export type Kinds = {
  all(): Kind[];
  find(group: string, version: string, resource: string): Kind | undefined;
  byKind(apiVersion: string, kind: string): Kind | undefined;
  /** The kind whose objects are stored under this resource name: not a second version of one. */
  stored(resource: string): Kind | undefined;
  /** Known since the start: its schema is a constant, and need not be expanded to be told from others. */
  isBuiltIn(kind: Kind): boolean;
  add(kind: Kind): void;
  remove(kind: Kind): void;
  /** Grows with every change: what was made from the kinds (discovery, OpenAPI) is kept until then. */
  version(): number;
};

export function createKinds(initial: Kind[]): Kinds {
  const byPath = new Map<string, Kind>();
  const byName = new Map<string, Kind>();
  const byStored = new Map<string, Kind>();
  const builtIn = new Set(initial);
  let version = 0;
  const pathOf = (group: string, apiVersion: string, resource: string) => `${group}/${apiVersion}/${resource}`;
  const kinds: Kinds = {
    all: () => [...byPath.values()],
    find: (group, apiVersion, resource) => byPath.get(pathOf(group, apiVersion, resource)),
    byKind: (apiVersion, kind) => byName.get(`${apiVersion}/${kind}`),
    stored: (resource) => byStored.get(resource),
    isBuiltIn: (kind) => builtIn.has(kind),
    add(kind) {
      byPath.set(pathOf(kind.group, kind.version, kind.resource), kind);
      byName.set(`${apiVersionOf(kind)}/${kind.kind}`, kind);
      if (kind.storedAs === undefined) byStored.set(resourceName(kind), kind);
      version++;
    },
    remove(kind) {
      byPath.delete(pathOf(kind.group, kind.version, kind.resource));
      byName.delete(`${apiVersionOf(kind)}/${kind.kind}`);
      if (byStored.get(resourceName(kind)) === kind) byStored.delete(resourceName(kind));
      version++;
    },
    version: () => version,
  };
  for (const kind of initial) kinds.add(kind);
  return kinds;
}

/** `v1` before `v2beta1` before `v1beta1`, as kubectl prefers versions: stable first, then the higher number. */
export function compareVersions(left: string, right: string): number {
  const rank = (version: string) => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (match === null) return [-1, 0, 0];
    return [match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0, Number(match[1]), Number(match[3] ?? 0)];
  };
  const [a, b] = [rank(left), rank(right)];
  for (let index = 0; index < 3; index++) if (a[index] !== b[index]) return b[index]! - a[index]!;
  return left.localeCompare(right);
}
