import { classesOfApi, readClass, stableApis } from './client-node.ts';

/** Packages of definition names, shortened in the facts: `core.v1.Pod` is `io.k8s.api.core.v1.Pod`. */
const packages: [RegExp, string][] = [
  [/^io\.k8s\.api\./, ''],
  [/^io\.k8s\.apimachinery\.pkg\.apis\./, ''],
  [/^io\.k8s\.apimachinery\.pkg\.(api|util)\./, ''],
  [/^io\.k8s\.apimachinery\.pkg\./, ''],
  [/^io\.k8s\.apiextensions-apiserver\.pkg\.apis\./, ''],
  [/^io\.k8s\.kube-aggregator\.pkg\.apis\./, ''],
];

export function shortName(name: string): string {
  const match = packages.find(([prefix]) => prefix.test(name));
  return match ? name.replace(...match) : name;
}

/** API classes carry the group's name as a word; packages are named after its first part. */
const packageOfApi = (api: string) =>
  api
    .replace(/V(\d+)$/, '.v$1')
    .replace(/^(RbacAuthorization|FlowcontrolApiserver)/, (group) =>
      group.startsWith('Rbac') ? 'rbac' : 'flowcontrol',
    )
    .replace(/^\w/, (letter) => letter.toLowerCase());

/**
 * Which definition each class stands for: client-node drops the package of a name. In order: what overlay.json says,
 * the only definition of that version and name in the older specification, the group of the API class that serves it,
 * the group of the class that uses it.
 */
export function nameClasses(classes: string[], older: string[], given: Record<string, string>): Map<string, string> {
  const names = new Map<string, string>(Object.entries(given));
  const present = new Set(classes);
  const split = (name: string) => /^(\w*?)V(\d+)([A-Z]\w*)$/.exec(name);
  for (const name of classes) {
    const [, group, version, kind] = split(name) ?? [];
    if (names.has(name) || kind === undefined) continue;
    if (group) names.set(name, `${group.toLowerCase()}.v${version}.${kind}`);
    const matches = older.filter((known) => known.endsWith(`.v${version}.${kind}`));
    if (!group && matches.length === 1) names.set(name, matches[0]!);
  }
  const adopt = (name: string, owner: string) => {
    const kind = split(name)?.[3];
    if (present.has(name) && !names.has(name) && kind) names.set(name, `${owner}.${kind}`);
  };
  for (const api of stableApis())
    for (const name of classesOfApi(api))
      if (!/^V1(Status|DeleteOptions|API)/.test(name)) adopt(name, packageOfApi(api));
  // Map iteration also visits what is added on the way, so that this follows uses of uses.
  for (const [name, definition] of names)
    for (const { type } of readClass(name))
      for (const [used] of type.matchAll(/\b\w*V\d+[A-Z]\w*/g))
        adopt(used, definition.slice(0, definition.lastIndexOf('.')));
  return names;
}
