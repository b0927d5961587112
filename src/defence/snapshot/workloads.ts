import { isOver } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { type ObjectRef, refOf, refText } from '../object-ref.ts';
import { isMirror, podOf } from '../workload.ts';
import { oncePerSnapshot } from './once.ts';
import { ownersOf, willRun } from './owners.ts';
import type { Snapshot } from './snapshot.ts';

/** Pods that one object makes, which are alike: what one of them can do, all can. */
export type Workload = {
  ref: ObjectRef;
  /** What is at the top of its chain: other than `ref` for a pod that is not like those of its controller. */
  top: ObjectRef;
  /** The object that a change would be made to. */
  object: Manifest;
  namespace: string;
  /** Of the newest pod, or of the template while nothing runs. */
  spec: Record<string, any>;
  labels: Record<string, string>;
  /** Names of pods that live. */
  pods: string[];
  /** Nodes on which they do. */
  nodes: string[];
  /** The ServiceAccount that it runs as. */
  account: string;
  /** How its pods come to hold the account's token, as the field that decides; undefined: they hold none. */
  token: string | undefined;
  /** Secrets of its namespace that its containers see, each with the place that names it. */
  secrets: Map<string, string>;
};

export const namespaceOf = ({ metadata }: Manifest): string => metadata.namespace || 'default';

/** Everything that runs or will run, by the object at the top of its chain of owners. */
export const workloadsOf = oncePerSnapshot(readWorkloads);

function readWorkloads(snapshot: Snapshot): Workload[] {
  const owners = ownersOf(snapshot);
  const accounts = new Map(
    snapshot.of('ServiceAccount').map((account) => [`${namespaceOf(account)}/${account.metadata.name}`, account]),
  );
  const living = snapshot.of('Pod').filter((pod) => !isOver(pod) && isSpec(pod['spec']));
  const byTop = Map.groupBy(living, owners.topOf);
  const running = [...byTop].flatMap(([top, pods]) => {
    const { most, others } = alike(pods);
    return [
      createWorkload(top, most.at(-1)!, most, accounts),
      ...others.map((pod) => ({ ...createWorkload(pod, pod, [pod], accounts), top: placedRef(top) })),
    ];
  });
  const idle = owners.controllers
    .filter((object) => !byTop.has(object) && willRun(object))
    .map((object) => createWorkload(object, podOf(object)!.pod as unknown as Manifest, [], accounts));
  return [...running, ...idle];
}

/**
 * Most pods of one controller are alike. One of an earlier template, one that somebody debugs, or one that only says whose
 * it is, can do something else: it stands for itself.
 */
function alike(pods: Manifest[]): { most: Manifest[]; others: Manifest[] } {
  if (pods.length === 1) return { most: pods, others: [] };
  const groups = [...Map.groupBy(pods, traits).values()].sort((one, two) => two.length - one.length);
  const [most, ...others] = groups as [Manifest[], ...Manifest[][]];
  return { most, others: others.flat() };
}

/** What a pod may do, without what admission and controllers make different in each one. */
function traits({ spec }: Manifest): string {
  const { nodeName, hostname, affinity, tolerations, ...rest } = spec;
  return JSON.stringify(rest, (key, value) => (key === 'claimName' ? undefined : value)).replaceAll(tokenVolume, '');
}

/** ServiceAccount admission names the volume of the token anew for each pod. */
const tokenVolume = /"kube-api-access-[a-z0-9]+"/g;

const isSpec = (spec: unknown) => typeof spec === 'object' && spec !== null;

function createWorkload(object: Manifest, like: Manifest, pods: Manifest[], accounts: Map<string, Manifest>): Workload {
  const spec: Record<string, any> = like['spec'];
  const namespace = namespaceOf(object);
  const account = String(spec['serviceAccountName'] || spec['serviceAccount'] || 'default');
  return {
    ...{ ref: placedRef(object), top: placedRef(object) },
    ...{ object, namespace, spec, account },
    labels: like.metadata?.labels ?? {},
    pods: pods.map(({ metadata }) => metadata.name),
    nodes: [...new Set(pods.map((pod) => pod['spec'].nodeName as string).filter(Boolean))],
    token: isMirror(object) ? undefined : tokenOf(spec, accounts.get(`${namespace}/${account}`)),
    secrets: secretsOf(spec),
  };
}

const placedRef = (object: Manifest): ObjectRef => ({ ...refOf(object), namespace: namespaceOf(object) });

const list = (value: unknown): Record<string, any>[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];

export const containersOf = (spec: Record<string, any>): Record<string, any>[] =>
  ['initContainers', 'containers', 'ephemeralContainers'].flatMap((name) => list(spec[name]));

function tokenOf(spec: Record<string, any>, account: Manifest | undefined): string | undefined {
  const projected = list(spec['volumes']).find((volume) =>
    list(volume['projected']?.sources).some((source) => isApiToken(source['serviceAccountToken'])),
  );
  const mount = spec['automountServiceAccountToken'] ?? account?.['automountServiceAccountToken'] ?? true;
  if (mount !== false) return 'automountServiceAccountToken';
  return projected === undefined ? undefined : `volume ${projected['name']}`;
}

/** A token for another audience is none for the API. By these names API servers go, unless they were told others. */
const isApiToken = (source: any): boolean =>
  source !== undefined && /^$|^(?:https:\/\/)?kubernetes\.default(?:\.svc)?(?:[./:]|$)/.test(source.audience ?? '');

function secretsOf(spec: Record<string, any>): Map<string, string> {
  const found = new Map<string, string>();
  const add = (name: unknown, place: string) => {
    if (typeof name === 'string' && name !== '' && !found.has(name)) found.set(name, place);
  };
  for (const container of containersOf(spec)) {
    for (const { name, valueFrom } of list(container['env']))
      add(valueFrom?.secretKeyRef?.name, `variable ${name} of container ${container['name']}`);
    for (const { secretRef } of list(container['envFrom'])) add(secretRef?.name, `envFrom of ${container['name']}`);
  }
  for (const volume of list(spec['volumes'])) {
    add(volume['secret']?.secretName, `volume ${volume['name']}`);
    for (const { secret } of list(volume['projected']?.sources)) add(secret?.name, `volume ${volume['name']}`);
  }
  return found;
}

/** `Deployment.apps shop/web`, with how many pods live. */
export const workloadText = ({ ref, pods }: Workload): string =>
  ref.kind === 'Pod' || pods.length === 0
    ? refText(ref)
    : `${refText(ref)} (${pods.length} pod${pods.length === 1 ? '' : 's'})`;
