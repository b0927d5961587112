import { copyJson } from '../../foundation/json.ts';
import { isOver } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { kindName, refKey, refOf } from '../object-ref.ts';
import { oncePerSnapshot } from '../snapshot/once.ts';
import { ownersOf, willRun } from '../snapshot/owners.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { isMirror, podOf } from '../workload.ts';
import type { ImpactSubject } from './impact.ts';
import { kindOf } from './merge.ts';

/** A pod that will be made: again as it lives now, or from the template of a controller, one without pods included. */
export type Candidate = {
  subject: ImpactSubject & { type: 'object' | 'template' };
  /** The live pod, or the controller. */
  object: Manifest;
  /** What would be sent to the API. */
  pod: Manifest;
  /** Where the pod stands in the object, as a JSON pointer: empty for a pod. */
  pointer: string;
  /** How many pods of it live. */
  live: number;
  /** The pod is what mutating policies made of it: a patch of it is none of the object. */
  isMutated?: true;
};

/** Everything in these namespaces that will make a pod. */
export function candidatesOf(snapshot: Snapshot, isIn: (namespace: string) => boolean): Candidate[] {
  const owners = ownersOf(snapshot);
  const living = snapshot.of('Pod').filter((pod) => !isOver(pod) && isIn(namespaceOf(pod)));
  const live = new Map<Manifest, number>();
  for (const pod of living) {
    const top = owners.topOf(pod);
    live.set(top, (live.get(top) ?? 0) + 1);
  }
  const pods = living
    .filter((pod) => !isMirror(pod))
    .map(
      (object): Candidate => ({
        ...{ subject: { type: 'object', ref: refOf(object) }, object, pod: object, pointer: '', live: 1 },
      }),
    );
  const controllers = owners.controllers.filter((object) => willRun(object) && isIn(namespaceOf(object)));
  return [...pods, ...controllers.map((object) => fromTemplate(object, live.get(object) ?? 0))];
}

/** What counts as the namespace of an object that names none. */
export const namespaceOf = ({ metadata }: Manifest): string => metadata.namespace || 'default';

/** Made once for a snapshot: every pod asks for its own. */
const namespaces = oncePerSnapshot(() => new Map<string, Manifest | undefined>());

/** The namespace as API servers have it, which label each with its name; undefined where it is not known. */
export function namespaceNamed(snapshot: Snapshot, name: string): Manifest | undefined {
  const known = namespaces(snapshot);
  if (known.has(name)) return known.get(name);
  const found = snapshot.get({ kind: 'Namespace', namespace: '', name });
  const namespace = found && withDefaults(found);
  known.set(name, namespace);
  return namespace;
}

function fromTemplate(object: Manifest, live: number): Candidate {
  const { pod, prefix } = podOf(object)!;
  const { name, namespace } = object.metadata;
  return {
    subject: { type: 'template', ref: refOf(object) },
    object,
    pod: {
      ...{ apiVersion: 'v1', kind: 'Pod', spec: pod.spec },
      metadata: {
        ...{ ...pod.metadata, name, ...(namespace === undefined ? {} : { namespace }) },
        ownerReferences: [ownedBy(madeBetween(object) ?? object)],
      },
    },
    pointer: `/${prefix.join('/')}`,
    live,
  };
}

/** What stands between a controller and its pods: a ReplicaSet of the Deployment, a Job of the CronJob. */
export function madeBetween(object: Manifest): Manifest | undefined {
  const { metadata, spec } = object;
  const made = (apiVersion: string, kind: string, template: any, own: object): Manifest => ({
    ...{ apiVersion, kind, spec: own },
    metadata: {
      ...{ ...template?.metadata, namespace: metadata.namespace, name: metadata.name },
      ownerReferences: [ownedBy(object)],
    },
  });
  if (kindName(object) === 'CronJob.batch')
    return made('batch/v1', 'Job', spec?.jobTemplate, spec?.jobTemplate?.spec ?? {});
  if (kindName(object) !== 'Deployment.apps') return undefined;
  const { replicas = 1, selector, template } = spec ?? {};
  return made('apps/v1', 'ReplicaSet', template, { replicas, selector, template });
}

const ownedBy = ({ apiVersion, kind, metadata: { name, uid = '' } }: Manifest) => ({
  ...{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true },
});

export const candidateKey = ({ subject }: Candidate): string => refKey(subject.ref);

/** A copy with what the API fills in. */
export function withDefaults(object: Manifest): Manifest {
  const copy = copyJson(object);
  kindOf(object)?.defaults(copy);
  return copy;
}
