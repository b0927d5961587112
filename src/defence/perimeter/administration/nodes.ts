import { parse } from 'yaml';
import { podKey } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { type ObjectRef, refOf } from '../../object-ref.ts';
import { networkOf } from '../../snapshot/network.ts';
import { doubtsOf } from '../../snapshot/network-doubts.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import { containersOf } from '../../snapshot/workloads.ts';
import { type AdministrationCheck, type AdministrationVerdict, fail, notAssessed, pass } from './contract.ts';

const kubeletPort = 10250;
const etcdPort = 2379;
const configMaxBytes = 64 * 1024;

/** How many pods may connect to a port of a node that is not their own (their own one lets them, too, elsewhere). */
function podsThatReach(snapshot: Snapshot, port: number): { reaching: number; of: number } | undefined {
  const { world, evaluator } = networkOf(snapshot);
  const nodes = world.nodes.flatMap(({ name, addresses }) => (addresses[0] ? [{ name, address: addresses[0] }] : []));
  const pods = world.pods.filter(({ hostNetwork }) => !hostNetwork);
  if (nodes.length === 0 || pods.length === 0) return undefined;
  const reaching = pods.filter((pod) =>
    nodes.slice(0, 2).some(({ address }) => evaluator.evaluate({ pod: podKey(pod) }, { address }, 'TCP', port).allowed),
  );
  return { reaching: reaching.length, of: pods.length };
}

function judgeReach(snapshot: Snapshot, port: number, what: string): AdministrationVerdict {
  const reach = podsThatReach(snapshot, port);
  const outside = `whether port ${port} of nodes is reached from outside is decided by firewalls that the API does not show`;
  if (reach === undefined) return notAssessed(outside);
  const { reaching, of } = reach;
  const [doubt] = doubtsOf(networkOf(snapshot));
  if (reaching === 0 && doubt !== undefined)
    return notAssessed(`NetworkPolicies let no pod connect to ${what}, but ${doubt.what}: ${doubt.why}`);
  if (reaching === 0) return pass(`no pod may connect to ${what} (port ${port} of nodes)`);
  return {
    ...fail(`policies let ${reaching} of ${of} pods connect to ${what} (port ${port} of nodes)`),
    severity: 'medium',
  };
}

export const kubelet: AdministrationCheck = {
  id: 'administration/kubelet',
  severity: 'high',
  title: 'Kubelets answer nobody but the API server',
  mend: 'set authentication.anonymous.enabled: false, authorization.mode: Webhook, readOnlyPort: 0; keep pods from nodes',
  benchmark: ['CIS 4.2.1', 'CIS 4.2.2', 'CIS 4.2.4', 'NSA authentication and authorization'],
  judge: ({ snapshot }) => [judgeReach(snapshot, kubeletPort, 'kubelets'), ...kubeletSettings(snapshot)],
};

/** kubeadm keeps the kubelets’ configuration in a ConfigMap; elsewhere only the node knows it. */
function kubeletSettings(snapshot: Snapshot): AdministrationVerdict[] {
  const maps = snapshot
    .of('ConfigMap', 'kube-system')
    .filter(({ metadata }) => /^kubelet-config/.test(metadata.name) && metadata.namespace === 'kube-system');
  if (maps.length === 0) {
    const why = snapshot.closedByDefault
      ? 'the node agent of Rempart serves the API server only; its host facts are judged on the node'
      : 'how kubelets authenticate is only known on their nodes (asking them would need nodes/proxy, which is root there)';
    return [notAssessed(why)];
  }
  return maps.flatMap((map) => kubeletVerdicts(map, [refOf(map)]));
}

function kubeletVerdicts(map: Manifest, by: ObjectRef[]): AdministrationVerdict[] {
  const text = map['data']?.kubelet;
  if (typeof text !== 'string' || text.length > configMaxBytes)
    return [notAssessed('the ConfigMap holds no configuration of kubelets')];
  let config: any;
  try {
    config = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    return [notAssessed(`the kubelets’ configuration cannot be read: ${(error as Error).message}`)];
  }
  const wrong: string[] = [];
  // Defaults of the file differ from those of the flags: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
  if (config?.authentication?.anonymous?.enabled === true) wrong.push('anonymous requests are answered');
  if (config?.authorization?.mode === 'AlwaysAllow')
    wrong.push('every request is allowed (authorization.mode AlwaysAllow)');
  if (Number(config?.readOnlyPort) > 0) wrong.push(`port ${config.readOnlyPort} answers without credentials`);
  return wrong.length > 0
    ? wrong.map((why) => fail(why, by))
    : [
        pass(
          'as kubeadm wrote it down, kubelets ask for credentials and the API server’s word; the nodes were not asked',
          by,
        ),
      ];
}

export const etcd: AdministrationCheck = {
  id: 'administration/etcd',
  severity: 'critical',
  title: 'The store answers the API server only',
  mend: 'set --client-cert-auth=true, listen on the control plane’s own network, and keep pods from it',
  benchmark: ['CIS 2.2', 'NSA network separation and hardening'],
  judge({ snapshot }) {
    const pods = snapshot.of('Pod').filter(({ metadata }) => metadata.labels?.['component'] === 'etcd');
    if (pods.length === 0) {
      const why = snapshot.closedByDefault
        ? 'no etcd runs as a pod: Rempart keeps its store in the API server’s own process, without a port'
        : 'no etcd runs as a pod here: it is the provider’s, or runs elsewhere';
      return [snapshot.closedByDefault ? pass(why) : notAssessed(why)];
    }
    const open = pods
      .filter(
        (pod) =>
          !containersOf(pod['spec']).some((container) => argumentsOf(container).includes('--client-cert-auth=true')),
      )
      .map((pod) => fail('it does not ask for client certificates (--client-cert-auth)', [refOf(pod)]));
    return [...open, judgeReach(snapshot, etcdPort, 'etcd')];
  },
};

const argumentsOf = ({ command = [], args = [] }: Record<string, any>): string[] => [command, args].flat();
