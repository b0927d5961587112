import { type PolicyPod, podKey } from '../../../policy/policy.ts';
import { type ObjectRef, refKey, refOf, refText } from '../../object-ref.ts';
import { placesOf } from '../../observations/places.ts';
import { backendsOf } from '../../snapshot/backends.ts';
import { type Change, changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { podOf } from '../../workload.ts';
import type { Impact } from '../impact.ts';
import { flowText } from '../network/flows.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';
import { exposureChange } from './service-exposure.ts';

const exposing = ['Service', 'Ingress.networking.k8s.io'];

/**
 * Services and Ingresses: names and addresses that lead elsewhere or nowhere, also because of labels and ports of pods, and
 * what becomes reachable from outside.
 */
export const service: Previewer = {
  name: 'services',
  concerns: (change, before) => exposing.includes(changedRef(change).kind) || isChangedWorkload(change, before),
  partial: (change) => !exposing.includes(changedRef(change).kind),
  impacts: judgeServices,
};

/** Its pods may carry other labels from then on, or have other ports. What goes is told as that. */
const isChangedWorkload = (change: Change, before: Snapshot): boolean =>
  'put' in change && podOf(change.put) !== undefined && before.get(changedRef(change)) !== undefined;

function judgeServices(scope: Scope): Judged {
  const { before, after, changes, observations } = scope;
  const changed = changes.map(changedRef).filter(({ kind }) => exposing.includes(kind));
  const isChanged = new Set(changed.map(refKey));
  const around = new Set(
    changes.filter((change) => isChangedWorkload(change, before)).map((change) => changedRef(change).namespace),
  );
  const others = [...around]
    .flatMap((namespace) => before.of('Service', namespace).map(refOf))
    .filter((ref) => !isChanged.has(refKey(ref)));
  const leads = leadsOf(scope);
  const moves = new Map([...changed, ...others].map((ref) => [ref, leads(ref)]));
  const lost = [...moves].flatMap(([ref, { lost }]) => lost.map((backend) => ({ ...backend, service: ref })));
  const told = [...moves].flatMap(([ref, { lost, interrupted, gained }]): Impact[] => {
    if (!isChanged.has(refKey(ref)) && lost.length === 0) return [];
    const isNew = before.get(ref) === undefined;
    return exposureChange(before.get(ref), after.get(ref), [
      ...(lost.length > 0 && after.get(ref) ? ['it no longer leads to pods that it leads to now'] : []),
      ...(lost.length === 0 && interrupted.length > 0
        ? ['until its pods are made anew it leads to none that it leads to now']
        : []),
      ...(gained.length > 0 && !isNew ? ['it leads to pods that it does not lead to now'] : []),
    ]);
  });
  return {
    impacts: [...flowsThrough(lost, scope), ...told],
    judged: { object: told.length, flow: observations.flows.length },
    watched: told.length > 0 ? ['flows'] : [],
  };
}

/** Connections that were seen to what a Service no longer leads to. */
function flowsThrough(lost: (Backend & { service: ObjectRef })[], { observations, ...scope }: Scope): Impact[] {
  if (lost.length === 0) return [];
  const worlds = scope.worlds();
  const places = placesOf(worlds.before, worlds.after);
  return observations.flows.flatMap((flow): Impact[] => {
    const ends = { flow, from: places.place(flow.from), to: places.place(flow.to, flow.protocol, flow.port) };
    const target = ends.to.before;
    const found =
      'pod' in target &&
      lost.find((each) => each.pod === target.pod && each.port === flow.port && each.protocol === flow.protocol);
    if (!found || !flow.allowed) return [];
    const { firstMs, lastMs, count } = flow;
    return [
      {
        outcome: 'unknown',
        subject: { type: 'flow', text: flowText(ends) },
        why: `${refText(found.service)} no longer leads there; whether the client used its name or the pod’s address was not seen`,
        by: [refText(found.service)],
        seen: { firstMs, lastMs, count },
      },
    ];
  });
}

/** `interrupted`: not until the pods are made anew, or not at all when they do not come. */
type Leads = { lost: Backend[]; interrupted: Backend[]; gained: Backend[] };
type Backend = { pod: string; protocol: string; port: number };

type Pods = { byNamespace: Map<string, PolicyPod[]>; keys: Set<string> };

const podsIn = (pods: Set<PolicyPod>): Pods => ({
  byNamespace: Map.groupBy(pods, ({ namespace }) => namespace),
  keys: new Set([...pods].map(podKey)),
});

/** Pods and ports to which a Service leads now and not afterwards, and the other way round. Pods that go are told as that. */
function leadsOf({ before, after, worlds }: Scope) {
  const [were, are] = [new Set(worlds().before.world.pods), new Set(worlds().after.world.pods)];
  const all = { old: podsIn(were), now: podsIn(are) };
  // To pods that stay as they are a Service that does leads as before: each of many would look through all of them.
  const moving = { old: podsIn(were.difference(are)), now: podsIn(are.difference(were)) };
  const backendsIn = (snapshot: Snapshot, { byNamespace }: Pods, ref: ObjectRef) => {
    const object = snapshot.get(ref);
    const found =
      object === undefined || ref.kind !== 'Service' ? [] : backendsOf(object, byNamespace.get(ref.namespace) ?? []);
    return new Map(
      found.flatMap(({ pod, protocol, port, servicePort }): [string, Backend][] =>
        port === undefined
          ? []
          : [[`${podKey(pod)} ${protocol} ${port} ${servicePort}`, { pod: podKey(pod), protocol, port }]],
      ),
    );
  };
  return (ref: ObjectRef): Leads => {
    const { old, now } = before.get(ref) === after.get(ref) ? moving : all;
    const [was, will] = [backendsIn(before, old, ref), backendsIn(after, now, ref)];
    // Pods are made anew one after the other, and until then they are as they were.
    const meanwhile = backendsIn(after, old, ref);
    const stays = ({ pod }: Backend) => now.keys.has(pod);
    const missing = (from: Map<string, Backend>, to: Map<string, Backend>) =>
      [...from].flatMap(([key, backend]) => (to.has(key) ? [] : [backend]));
    return {
      lost: missing(was, will).filter(stays),
      interrupted: missing(was, meanwhile).filter(stays),
      gained: missing(will, was).filter(({ pod }) => old.keys.has(pod)),
    };
  };
}
