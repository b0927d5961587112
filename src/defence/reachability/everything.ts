import { formatAddress, type PartyClass, type PortRange, podKey, portsText } from '../../policy/policy.ts';
import { refKey } from '../object-ref.ts';
import { doubtsOf } from '../snapshot/network-doubts.ts';
import { placesOf } from './ends.ts';
import { type ReachModel, workloadText } from './model.ts';

export type Reached = { party: string; pods: number; ports: PortRange[] };
/** `about` is one class of the pods that were asked for; its rows are all that it reaches, or all that reach it. */
export type EverythingReport = {
  direction: 'from' | 'to';
  classes: { about: string; rows: Reached[] }[];
  blind?: string;
};

/** All that an end reaches (`from`), or all that reach it (`to`), workload by workload. Throws UsageError as `placesOf`. */
export function everything(model: ReachModel, direction: 'from' | 'to', end: string): EverythingReport {
  const { reachability } = model;
  // Whoever is listed may be one of whom another policy decides, and so may whoever is not.
  const [doubt] = doubtsOf(model);
  const blind = model.blind ?? (doubt && `${doubt.what}: ${doubt.why}`);
  const classes = placesOf(model, end).map(({ party, label }) => {
    const found = reachability[direction](reachability.classOf(party));
    const rows = found.flatMap(({ party, ports }) => named(model, party).map((row) => ({ ...row, ports })));
    return { about: label, rows: merged(rows) };
  });
  return { direction, classes, ...(blind === undefined ? {} : { blind }) };
}

function named({ workloads }: ReachModel, party: PartyClass): { party: string; pods: number }[] {
  if (party.type === 'service') return [{ party: `the cluster's ${party.service.name}`, pods: 0 }];
  if (party.type === 'nodes') return party.nodes.map((node) => ({ party: `node ${node}`, pods: 0 }));
  if (party.type === 'outside') {
    const [first, ...more] = party.ranges;
    const { first: low, last: high } = first!;
    if (low === 0 && high === 2 ** 32 - 1) return [{ party: 'every other address', pods: 0 }];
    const text = low === high ? formatAddress(low) : `${formatAddress(low)}-${formatAddress(high)}`;
    return [{ party: `addresses ${text}${more.length > 0 ? ` and ${more.length} more ranges` : ''}`, pods: 0 }];
  }
  const byWorkload = Map.groupBy(party.pods, (pod) => refKey(workloads.get(podKey(pod))!));
  return [...byWorkload.values()].map((pods) => ({
    party: workloadText(workloads.get(podKey(pods[0]!))!),
    pods: pods.length,
  }));
}

/** A workload whose pods are of several classes is one row where they are reached alike. */
function merged(rows: Reached[]): Reached[] {
  const byRow = Map.groupBy(rows, ({ party, ports }) => `${party} ${portsText(ports)}`);
  return [...byRow.values()]
    .map((same) => ({ ...same[0]!, pods: same.reduce((sum, { pods }) => sum + pods, 0) }))
    .sort((a, b) => (a.party < b.party ? -1 : 1));
}
