import { containerPorts } from '../../policy/policy.ts';
import type { Workload } from '../snapshot/workloads.ts';
import type { Entry, ExposureContext } from './entry.ts';

/** Ports of nodes that lead into a pod: hostPort, and whatever a pod on its node’s network listens on. */
export function hostEntries(context: ExposureContext, workload: Workload, nodesPublic: boolean): Entry[] {
  const { ref, spec } = workload;
  const reach = nodesPublic ? 'internet' : 'nodes';
  const about: Pick<Entry, 'from' | 'reach' | 'via' | 'workload'> = {
    from: 'everybody',
    reach,
    via: [ref],
    workload: ref,
  };
  const ports = containerPorts(spec).filter(({ containerPort }) => Number.isInteger(containerPort));
  if (spec['hostNetwork'] === true) {
    const why = 'no policy applies to a pod on its node’s network';
    const all = ports.map(({ protocol = 'TCP', containerPort }) => ({
      ...{ ...about, type: 'host network' as const, at: `its node:${containerPort}`, protocol, port: containerPort },
      ...{ verdict: 'open' as const, why, by: [] },
    }));
    if (all.length > 0) return all;
    const unknown = 'it declares no ports: what it listens on is not known';
    return [
      {
        ...about,
        type: 'host network',
        at: 'its node',
        protocol: 'TCP',
        port: undefined,
        verdict: 'not assessed',
        why: unknown,
        by: [],
      },
    ];
  }
  const open = ports.filter(isOpenToOthers);
  // Nearly no workload has any: for those no pod is looked for among all of their namespace.
  const pod = open.length === 0 ? undefined : context.network.podOf(workload);
  if (pod === undefined) return [];
  return open.map(({ protocol = 'TCP', containerPort, hostPort }) => {
    const { verdict, why, by, public: outside } = context.judge(pod, protocol, containerPort, {});
    const at = `its node:${hostPort}`;
    return {
      ...{ ...about, reach: outside ? reach : 'internal', type: 'host port', at, protocol, port: containerPort },
      ...{ verdict, why, by },
    };
  });
}

const isOpenToOthers = ({ hostPort, hostIP }: ReturnType<typeof containerPorts>[number]) =>
  hostPort !== undefined && hostPort > 0 && !hostIP?.startsWith('127.');
