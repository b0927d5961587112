/** As much of a Pod as the standards look at. */
export type PodLike = {
  metadata?: { annotations?: Record<string, string>; labels?: Record<string, string> };
  spec: Record<string, any>;
};

/** Something wrong at one field. `mend` puts it right in a copy of the pod; absent: nothing safe is known. */
export type Offence = { field: string; mend?: (pod: PodLike) => void };

/** One refused thing: `reason (detail)` is how Kubernetes words it. */
export type Violation = { reason: string; detail: string; offences: Offence[] };

export type PodSecurityCheck = {
  id: string;
  level: 'baseline' | 'restricted';
  /** What an attacker gains where this is not enforced. */
  why: string;
  /** A check of the baseline that this one implies: it is then not told twice. */
  replaces?: string;
  /** The rule as of each minor version of Kubernetes 1, ascending. Each lets in more than the one before; one that `tightens` also less. */
  versions: { since: number; tightens?: true; evaluate(pod: PodLike): Violation | undefined }[];
};

type Container = Record<string, any>;
export type ContainerPlace = { container: Container; path: string };

const noContainers: Container[] = [];
const nowhere: readonly ContainerPlace[] = [];

/**
 * The containers of a pod, of all three kinds, of which `isMeant` is true, with their paths: `spec.initContainers[0]`.
 * Every check asks every pod, and most find nothing: then nothing is made.
 */
export function containersWhere(
  { spec }: PodLike,
  isMeant: (container: Container) => boolean,
): readonly ContainerPlace[] {
  let places: ContainerPlace[] | undefined;
  for (const list of containerLists) {
    const containers: Container[] = spec[list] ?? noContainers;
    for (let index = 0; index < containers.length; index++)
      if (isMeant(containers[index]!)) {
        places ??= [];
        places.push({ container: containers[index]!, path: `spec.${list}[${index}]` });
      }
  }
  return places ?? nowhere;
}

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** `container "a"` or `containers "a", "b"`. */
export function named(places: readonly ContainerPlace[]): string {
  const names = places.map(({ container }) => `"${container['name']}"`);
  return `${names.length === 1 ? 'container' : 'containers'} ${names.join(', ')}`;
}

/** As `containersWhere`, with the pod's own security context in front of those of its containers; its path is `spec`. */
export function placesWhere(pod: PodLike, isMeant: (container: Container) => boolean): readonly ContainerPlace[] {
  const places = containersWhere(pod, isMeant);
  return isMeant(pod.spec) ? [{ container: pod.spec, path: 'spec' }, ...places] : places;
}

/** `pod and containers "a", "b"`, for some of `placesWhere`. */
export function setters(places: readonly ContainerPlace[]): string {
  const containers = places.filter(({ path }) => path !== 'spec');
  const pod = containers.length < places.length ? ['pod'] : [];
  return [...pod, ...(containers.length > 0 ? [named(containers)] : [])].join(' and ');
}

export const quoted = (values: Iterable<unknown>): string =>
  [...new Set(values)]
    .map((value) => `"${value}"`)
    .sort()
    .join(', ');

/** A mend that sets `field` (such as `spec.containers[0].securityContext.privileged`), making what is on the way. */
export const setField =
  (field: string, value: unknown) =>
  (pod: PodLike): void => {
    const { parent, key } = locate(pod, field);
    parent[key] = value;
  };

export const removeField =
  (field: string) =>
  (pod: PodLike): void => {
    const { parent, key } = locate(pod, field);
    delete parent[key];
  };

function locate(pod: PodLike, field: string): { parent: Record<string, any>; key: string } {
  const keys = field.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  let parent: Record<string, any> = pod;
  for (const key of keys.slice(0, -1)) {
    parent[key] ??= {};
    parent = parent[key];
  }
  return { parent, key: keys.at(-1)! };
}

export const isWindows = ({ spec }: PodLike): boolean => spec['os']?.name === 'windows';

/** Root in a user namespace is nobody outside (KEP-127). */
export const hasUserNamespace = ({ spec }: PodLike): boolean => spec['hostUsers'] === false;

/** The containers whose `securityContext[key]` is not acceptable, as one violation. */
export function containerField(
  pod: PodLike,
  key: string,
  accepts: (value: any) => boolean,
  tell: { reason: string; detail: (places: readonly ContainerPlace[]) => string; safe?: unknown },
): Violation | undefined {
  const bad = containersWhere(pod, (container) => !accepts(container['securityContext']?.[key]));
  if (bad.length === 0) return undefined;
  const offences = bad.map(({ path }) => {
    const field = `${path}.securityContext.${key}`;
    return { field, mend: tell.safe === undefined ? removeField(field) : setField(field, tell.safe) };
  });
  return { reason: tell.reason, detail: tell.detail(bad), offences };
}
