import type { Manifest } from '../contract.ts';
import type { Entry } from '../exposure/entry.ts';
import { exposureOf } from '../exposure/exposure.ts';
import { type ObjectRef, refKey, refText } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Workload } from '../snapshot/workloads.ts';
import type { Places } from './effects.ts';
import { costs, type Edit, type Lever } from './graph.ts';
import type { Model } from './model.ts';

/** From the Internet through what exposes, one place for each object that could be taken away. */
export function addExposure(places: Places, model: Model, byTop: Map<string, Workload[]>): void {
  const { graph } = places;
  const internet = graph.place('internet', 'internet', 'the Internet');
  for (const entry of exposureOf(model.snapshot).entries) {
    const workloads = byTop.get(refKey(entry.workload));
    if (entry.verdict !== 'open' || entry.reach === 'internal' || workloads === undefined) continue;
    const first = entry.via[0]!;
    const door = graph.place(`exposure:${refKey(first)}`, 'between', refKey(first));
    if (graph.into[door.index]!.length === 0) {
      const why = `comes by ${entry.type} (${entry.at})`;
      const lever = closeEntry(model.snapshot, entry, first);
      graph.hop(internet, door, { cost: costs.given, why, by: entry.via, lever });
    }
    const cost = entry.reach === 'internet' ? costs.flaw : costs.flawNearby;
    const why = `finds a flaw in what listens on ${entry.protocol} ${entry.port ?? '?'}`;
    for (const workload of workloads) graph.hop(door, places.workload(workload), { cost, why, by: entry.by });
  }
}

function closeEntry(snapshot: Snapshot, { type, workload }: Entry, first: ObjectRef): Lever {
  const about = `workload:${workload.kind}/${workload.namespace}/${workload.name}`;
  const name = refText(first);
  if (first.kind === 'Service' && snapshot.get(first) !== undefined) {
    const edit: Edit = { target: first, to: (service) => service && inside(service) };
    return { type: 'exposure', about, text: `make ${name} a Service of type ClusterIP`, edit };
  }
  if (type === 'Ingress')
    return { type: 'exposure', about, text: `remove ${name}`, edit: { target: first, to: () => undefined } };
  return { type: 'exposure', about, text: `take the ${type} out of ${name}` };
}

/** Without anything that leads in from outside. */
function inside(service: Manifest): Manifest {
  const { externalIPs: _, loadBalancerSourceRanges: __, externalTrafficPolicy: ___, ...spec } = service['spec'];
  const ports = (spec.ports ?? []).map(({ nodePort: _, ...port }: Record<string, unknown>) => port);
  return { ...service, spec: { ...spec, type: 'ClusterIP', ports }, status: {} };
}
