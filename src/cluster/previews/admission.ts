import { isDeepStrictEqual } from 'node:util';
import { resourceName } from '../../api/kind.ts';
import { acceptedAnnotation, reasonLengthMax } from '../../api/kinds/protection.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { noObservations, type Observations } from '../../api/observations/observation.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Change } from '../../defence/defence.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../../server/server.ts';

/** Writes of these tell what was seen that they break; dry runs tell everything of a preview. */
const rules = [
  'networkpolicies.networking.k8s.io',
  ...['namespaces', 'resourcequotas', 'limitranges'],
  ...['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
    (name) => `${name}.rbac.authorization.k8s.io`,
  ),
];
const written = new Set(rules);
const previewed = new Set([
  ...rules,
  ...['validating', 'mutating'].flatMap((form) =>
    ['policies', 'policybindings'].map((part) => `${form}admission${part}.admissionregistration.k8s.io`),
  ),
  ...['services', 'pods', 'persistentvolumeclaims', 'serviceaccounts', 'replicationcontrollers'],
  ...['deployments.apps', 'statefulsets.apps', 'daemonsets.apps', 'replicasets.apps', 'jobs.batch', 'cronjobs.batch'],
  'ingresses.networking.k8s.io',
  // Writes of modes are judged where they are decided about: protections/admission.ts.
  'protections.defence.rempart.io',
]);

/** Larger clusters are previewed by the command line: other requests wait while one is judged. */
export type PreviewBounds = { dryRunPodsMax: number; writePodsMax: number };
const bounds: PreviewBounds = { dryRunPodsMax: 10_000, writePodsMax: 2000 };
const roles = 'rbac.authorization.k8s.io';

/**
 * Tells in warnings what a change would break: for dry runs (`kubectl apply --dry-run=server`, `kubectl diff`) all of
 * the preview, for writes by people what was seen and no longer works. It refuses nothing, and looks at nothing of any
 * other write.
 */
export const previewWarnings = (
  authorize: Authorizer,
  observations: (() => Observations) | undefined,
  clock: Clock,
  { dryRunPodsMax, writePodsMax }: PreviewBounds = bounds,
): AdmissionPlugin => ({
  name: 'PreviewWarnings',
  validate(request) {
    const { operation, subresource, kind, dryRun, user } = request;
    if (subresource !== '' || operation === 'CONNECT') return;
    const resource = resourceName(kind);
    if (!(dryRun ? previewed : written).has(resource)) return;
    if (written.has(resource)) noteAcceptance(request);
    // What the cluster does by itself reads no warnings.
    if (!dryRun && user.username.startsWith('system:')) return;
    if (operation === 'UPDATE' && isSame(request.oldObject, request.object)) return;
    if (!maySeeAll(authorize, user)) {
      if (dryRun)
        request.warn(
          'not previewed: who may list pods and observations of all namespaces is told what this would break',
        );
      return;
    }
    // A write is never refused because its preview failed.
    const podsMax = dryRun ? dryRunPodsMax : writePodsMax;
    return tell(request, podsMax, observations?.() ?? noObservations(), clock.now()).catch((error: Error) =>
      request.warn(`this could not be previewed: ${error.message}`),
    );
  },
});

/**
 * A preview names pods, connections and calls of any namespace, and everybody else waits for it: it is for those who
 * may see all of that anyway.
 */
function maySeeAll(authorize: Authorizer, user: UserInfo): boolean {
  const everywhere = { user, verb: 'list', version: '*', subresource: '', namespace: '', name: '' };
  return (
    authorize({ ...everywhere, group: '', resource: 'pods' }).allowed &&
    authorize({ ...everywhere, group: 'defence.rempart.io', resource: 'observations' }).allowed
  );
}

function noteAcceptance({ object, oldObject: old, annotate }: AdmissionRequest): void {
  const reason = object?.metadata.annotations?.[acceptedAnnotation];
  const before = old?.metadata.annotations?.[acceptedAnnotation];
  if (reason !== undefined && reason !== before) annotate(acceptedAnnotation, reason.slice(0, reasonLengthMax));
}

/** Nothing that decides differs: annotations, statuses and who manages which field do not. */
function isSame(old: KubernetesObject | undefined, object: KubernetesObject | undefined): boolean {
  const deciding = ({ metadata, status: _, ...rest }: KubernetesObject) => ({ ...rest, labels: metadata.labels ?? {} });
  return old !== undefined && object !== undefined && isDeepStrictEqual(deciding(old), deciding(object));
}

async function tell(
  request: AdmissionRequest,
  podsMax: number,
  observations: Observations,
  nowMs: number,
): Promise<void> {
  const { dryRun, lookup, warn, kind } = request;
  // Roles need no pods, and are judged in any cluster.
  const isOfRoles = kind.group === roles;
  if (!isOfRoles && lookup.list('pods').length > podsMax) {
    warn(`not previewed here: more than ${podsMax} pods; rempart preview -f tells what it would break`);
    return;
  }
  // Loaded when it is first needed: most servers are not asked for a preview in their first minutes.
  const [{ preview, restsOn, warningsOf }, { snapshotOf }] = await Promise.all([
    import('../../defence/defence.ts'),
    import('./snapshot.ts'),
  ]);
  const told = preview(
    snapshotOf(lookup, nowMs, isOfRoles ? roles : undefined),
    [changeOf(request)],
    observations,
    nowMs,
  );
  for (const line of warningsOf(told, dryRun ? ['breaks', 'opens', 'unknown', 'changes'] : ['breaks'])) warn(line);
  if (dryRun) warn(restsOn(told));
}

function changeOf({ operation, object, oldObject: old, kind, namespace, name }: AdmissionRequest): Change {
  if (operation !== 'DELETE' && object !== undefined) return { put: object };
  const kindName = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const place = { namespace: old?.metadata.namespace ?? namespace, name: old?.metadata.name ?? name };
  return { remove: { kind: kindName, ...place } };
}
