import { exposes, type PolicyPod, podKey } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { type ObjectRef, refKey, refText } from '../../object-ref.ts';
import { placesOf } from '../../observations/places.ts';
import { backendsOf } from '../../snapshot/backends.ts';
import { changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import type { Impact } from '../impact.ts';
import { flowText } from '../network/flows.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const ingressKind = 'Ingress.networking.k8s.io';

/** Services and Ingresses: names and addresses that lead elsewhere or nowhere, and what becomes reachable from outside. */
export const service: Previewer = {
  name: 'services',
  concerns: (change) => ['Service', ingressKind].includes(changedRef(change).kind),
  impacts: judgeServices,
};

function judgeServices(scope: Scope): Judged {
  const { before, after, changes, observations } = scope;
  const worlds = scope.worlds();
  const changed = changes.map(changedRef).filter(({ kind }) => kind === 'Service');
  const lost = changed.flatMap((ref) => lostBackends(ref, before, after, worlds));
  const places = placesOf(worlds.before, worlds.after);
  const flows = observations.flows.flatMap((flow): Impact[] => {
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
  const told = changes
    .map(changedRef)
    .filter(({ kind }) => kind === 'Service' || kind === ingressKind)
    .map(
      (ref): Impact =>
        exposureChange(
          ref,
          before,
          after,
          lost.some(({ service }) => refKey(service) === refKey(ref)),
        ),
    );
  return {
    impacts: [...flows, ...told],
    judged: { object: told.length, flow: observations.flows.length },
    watched: ['flows'],
  };
}

type Lost = { service: ObjectRef; pod: string; protocol: string; port: number };

/** Pods and ports that the Service leads to now and not afterwards. */
function lostBackends(ref: ObjectRef, before: Snapshot, after: Snapshot, worlds: ReturnType<Scope['worlds']>): Lost[] {
  const leads = (object: Manifest | undefined, pods: PolicyPod[]) =>
    object === undefined
      ? []
      : backendsOf(object, pods).flatMap(({ pod, protocol, port, servicePort }) =>
          port === undefined
            ? []
            : [{ key: `${podKey(pod)} ${protocol} ${port} ${servicePort}`, pod: podKey(pod), protocol, port }],
        );
  const left = new Set(leads(after.get(ref), worlds.after.world.pods).map(({ key }) => key));
  return leads(before.get(ref), worlds.before.world.pods)
    .filter(({ key }) => !left.has(key))
    .map(({ pod, protocol, port }) => ({ service: ref, pod, protocol, port }));
}

/** What the outside may use, as texts: they are compared. */
function openingsOf(object: Manifest | undefined): string[] {
  const spec = object?.['spec'];
  if (object === undefined || spec === undefined) return [];
  if (object.kind === 'Ingress') {
    const rules: any[] = spec.rules ?? [];
    const paths = rules.flatMap(({ host = '*', http }) =>
      (http?.paths ?? []).map(({ path = '/' }: any) => `${host}${path}`),
    );
    return [...paths, ...(spec.defaultBackend ? ['*'] : [])].map((text) => `Ingress ${text}`);
  }
  const ports: any[] = exposes(object) ? (spec.ports ?? []) : [];
  return [
    ...ports.map(({ protocol = 'TCP', port }) => `${spec.type} ${protocol} ${port}`),
    ...(spec.externalIPs ?? []).map((address: string) => `external address ${address}`),
  ];
}

function exposureChange(ref: ObjectRef, before: Snapshot, after: Snapshot, losesBackends: boolean): Impact {
  const [was, will] = [new Set(openingsOf(before.get(ref))), new Set(openingsOf(after.get(ref)))];
  const opened = [...will.difference(was)];
  const closed = [...was.difference(will)];
  const subject = { type: 'object' as const, ref };
  const by = [refText(ref)];
  if (opened.length > 0)
    return { outcome: 'opens', subject, why: `reachable from outside from then on: ${opened.join(', ')}`, by };
  if (closed.length > 0)
    return {
      outcome: 'unknown',
      subject,
      why: `no longer reachable from outside: ${closed.join(', ')}; who uses it there is not watched`,
      by,
    };
  if (after.get(ref) === undefined && before.get(ref) !== undefined)
    return { outcome: 'unknown', subject, why: 'its name no longer resolves; who asks for it is not watched', by };
  if (losesBackends) return { outcome: 'unknown', subject, why: 'it no longer leads to pods that it leads to now', by };
  return { outcome: 'safe', subject, why: 'it leads where it did, and nothing more is reachable from outside', by };
}
