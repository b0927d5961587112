import type { Flow, FlowEnd, Seen, Window } from '../../../api/observations/observation.ts';
import { type PolicyPod, parseAddress, podKey } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { printable } from '../../report/printable.ts';
import { backendsOf } from '../../snapshot/backends.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';

/** A flow that was seen on its way to a Service's address, as flows to the pods behind it; any other as it is. */
export function behindServices(snapshot: Snapshot, { world }: SnapshotWorld, flows: Flow[]): Flow[] {
  const services = new Map(snapshot.of('Service').map((service) => [service.spec?.clusterIP, service]));
  const known = new Map<string, { to: FlowEnd; port: number }[]>();
  return flows.flatMap((flow): Flow[] => {
    const service = flow.to.type === 'address' ? services.get(flow.to.address) : undefined;
    if (service?.spec?.selector === undefined) return [flow];
    const key = `${service.spec.clusterIP} ${flow.protocol} ${flow.port}`;
    const ends = known.get(key) ?? backendEnds(service, flow, world.pods);
    known.set(key, ends);
    return ends.length === 0 ? [flow] : ends.map((end) => ({ ...flow, ...end }));
  });
}

function backendEnds(service: Manifest, asked: Flow, pods: PolicyPod[]): { to: FlowEnd; port: number }[] {
  return backendsOf(service, pods)
    .filter(({ protocol, servicePort }) => protocol === asked.protocol && servicePort === asked.port)
    .flatMap(({ pod: { namespace, name, labels }, port }) =>
      port === undefined ? [] : [{ to: { type: 'pod', namespace, name, labels }, port }],
    );
}

/** Flows of IPv6 cannot be said in policies that the evaluator judges. */
export const isIPv4 = (end: FlowEnd): boolean => end.type === 'pod' || parseAddress(end.address) !== undefined;

/** `Deployment shop/api`, `node n1`, `203.0.113.7`. */
export function endText(end: FlowEnd): string {
  if (end.type === 'node') return `node ${end.name}`;
  if (end.type === 'address') return end.address;
  const [kind, name] = end.workload?.split('/') ?? ['Pod', end.name];
  return `${kind} ${podKey({ namespace: end.namespace, name: name! })}`;
}

export const flowText = ({ from, to, protocol, port }: Flow): string =>
  printable(`${endText(from)} → ${endText(to)} on ${protocol} ${port}`);

const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;

export const seenText = ({ count, firstMs, lastMs }: Seen): string =>
  `seen ${count === 1 ? 'once' : `${count} times`}, ${firstMs === lastMs ? '' : `first ${time(firstMs)}, last `}${time(lastMs)}`;

const dayMs = 24 * 3_600_000;
/** What runs weekly must have had its turn. */
const windowMinMs = 7 * dayMs;

/** What was watched, one line per source, and what makes it too little to close anything by. */
export function windowTexts(windows: Window[]): { covered: string[]; warnings: string[] } {
  if (windows.length === 0)
    return { covered: [], warnings: ['flows were not watched at all: nothing is known of what is needed'] };
  const covered = windows.map(({ source, fromMs, toMs, lost }) => {
    const days = ((toMs - fromMs) / dayMs).toFixed(1);
    return printable(
      `watched by ${source} from ${time(fromMs)} to ${time(toMs)} (${days} days)${lost > 0 ? `, ${lost} entries lost` : ''}`,
    );
  });
  const longestMs = Math.max(...windows.map(({ fromMs, toMs }) => toMs - fromMs));
  const warnings: string[] = [];
  if (longestMs < windowMinMs)
    warnings.push(`the window is ${(longestMs / dayMs).toFixed(1)} days, less than 7: what runs weekly was not seen`);
  if (windows.some(({ lost }) => lost > 0)) warnings.push('entries were lost: what they said was needed is not here');
  return { covered, warnings };
}
