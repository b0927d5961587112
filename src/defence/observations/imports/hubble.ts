import { isIPv4 } from 'node:net';
import type { Drop, FlowEnd } from '../../../api/observations/observation.ts';
import { isObject } from '../../../foundation/json.ts';
import type { Parser } from './formats.ts';

/** AUDIT: a policy would have dropped it, but was not enforced. TRACED and TRANSLATED tell of packets on their way. */
const passed = new Set(['FORWARDED', 'REDIRECTED', 'AUDIT']);

/**
 * Flows of Cilium's Hubble: `hubble observe -o jsonpb`, and its exporter's files
 * (https://github.com/cilium/cilium/tree/main/api/v1/flow). Every packet may be told: replies are left out.
 */
export const hubble: Parser = {
  name: 'Hubble flows',
  types: ['flows'],
  knows: (record) => 'lost_events' in record || 'node_status' in record || flowOf(record) !== undefined,
  parse(record) {
    const lost = record['lost_events'];
    if (isObject(lost)) return { lost: Number(lost['num_events_lost']) || 1 };
    // Nodes that are gone or do not answer tell nothing meanwhile.
    if ('node_status' in record) return record['node_status']?.state_change === 'NODE_CONNECTED' ? [] : { lost: 1 };
    const flow = flowOf(record)!;
    const { verdict, is_reply, reply, IP, l4, source, destination, time, drop_reason_desc } = flow;
    const isPassed = passed.has(verdict);
    if (is_reply === true || reply === true || !(isPassed || verdict === 'DROPPED')) return [];
    const protocol = (['TCP', 'UDP', 'SCTP'] as const).find((name) => isObject(l4?.[name]));
    // ICMP has no port, and no policy can name it.
    if (protocol === undefined) return [];
    const timeMs = Date.parse(time ?? record['time']);
    const observed = {
      ...{ from: endOf(source, IP?.source), to: endOf(destination, IP?.destination), protocol },
      ...{ port: l4[protocol].destination_port, allowed: isPassed, firstMs: timeMs, lastMs: timeMs, count: 1 },
    };
    return [{ type: 'flows', observed: isPassed ? observed : { ...observed, drop: dropOf(flow, drop_reason_desc) } }];
  },
};

/** `-o json` of old releases had no wrapper. */
function flowOf(record: Record<string, unknown>): Record<string, any> | undefined {
  const flow = isObject(record['flow']) ? record['flow'] : record;
  return typeof flow['verdict'] === 'string' && isObject(flow['IP']) ? flow : undefined;
}

const reserved = (labels: unknown[], name: string) => labels.includes(`reserved:${name}`);

function endOf(endpoint: any, address: unknown): unknown {
  const { namespace, pod_name: name, labels = [], workloads } = endpoint ?? {};
  if (name) {
    const [workload] = Array.isArray(workloads) ? workloads : [];
    return {
      ...{ type: 'pod', namespace, name, labels: labelsOf(labels) },
      ...(workload?.kind && workload.name ? { workload: workloadText(workload.kind, workload.name, labels) } : {}),
    } satisfies FlowEnd;
  }
  const list = Array.isArray(labels) ? labels : [];
  if ((reserved(list, 'host') || reserved(list, 'remote-node')) && typeof address === 'string' && isIPv4(address))
    return { type: 'node', name: address, address };
  return { type: 'address', address };
}

/** Hubble names the ReplicaSet where it was asked before its owner was known. */
function workloadText(kind: string, name: string, labels: unknown): string {
  const hash = labelsOf(labels)['pod-template-hash'];
  const ofDeployment = kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`);
  return ofDeployment ? `Deployment/${name.slice(0, -hash.length - 1)}` : `${kind}/${name}`;
}

/** `k8s:app=web`; what Cilium adds itself begins with `io.`. */
function labelsOf(labels: unknown): Record<string, string> {
  const found: [string, string][] = [];
  for (const label of Array.isArray(labels) ? labels : []) {
    const [, key = '', value = ''] = /^k8s:([^=]+)=(.*)$/.exec(String(label)) ?? [];
    if (key !== '' && !key.startsWith('io.cilium.') && !key.startsWith('io.kubernetes.pod.')) found.push([key, value]);
  }
  return Object.fromEntries(found);
}

function dropOf(flow: Record<string, any>, reason: unknown): Drop {
  const side = flow['traffic_direction'] === 'EGRESS' ? 'egress' : 'ingress';
  const policies = flow[`${side}_denied_by`];
  const by = (Array.isArray(policies) ? policies : []).map(({ namespace, name }: any) =>
    namespace ? `${namespace}/${name}` : String(name),
  );
  const isPolicy = reason === undefined || /^POLICY_DEN/.test(String(reason));
  return { side, why: 'policy', by, ...(isPolicy ? {} : { nearest: `Hubble: ${String(reason).slice(0, 100)}` }) };
}
