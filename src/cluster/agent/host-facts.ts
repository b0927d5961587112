import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { HostFacts, KubeletFacts } from '../../api/host-facts.ts';
import {
  canLimitProcesses,
  collectHostFacts,
  type FilePlace,
  type KubeletServer,
  pidsPerPod,
  type Runtime,
} from '../../node/node.ts';
import { eventsAtOnceMax } from '../../reconcile/events.ts';
import { type Configuration, layout, nodeNameOf } from '../configuration.ts';
import { containerdPaths } from '../places.ts';

/** Where this cluster has what the benchmark asks about. */
function filePlaces(configuration: Configuration): FilePlace[] {
  const { server, pki, agentPki, encryptionKeys, breakGlass, configuration: file } = layout(configuration);
  const { state, socket, cniConfDir } = containerdPaths(configuration);
  return [
    { role: 'store-directory', path: server },
    { role: 'pki-directory', path: pki },
    { role: 'certificate', path: pki, names: /\.crt$/ },
    { role: 'private-key', path: pki, names: /\.key$/ },
    { role: 'private-key', path: dirname(encryptionKeys), names: new RegExp(`^${basename(encryptionKeys)}$`) },
    { role: 'private-key', path: agentPki, names: /\.pem$/ },
    { role: 'admin-kubeconfig', path: configuration.kubeconfig },
    { role: 'admin-kubeconfig', path: breakGlass },
    { role: 'network-configuration', path: cniConfDir, names: /./ },
    { role: 'kubelet-kubeconfig', path: join(agentPki, 'node.pem') },
    { role: 'kubelet-client-authority', path: join(pki, 'ca.crt') },
    { role: 'kubelet-configuration', path: file },
    { role: 'runtime-configuration', path: join(state, 'containerd.toml') },
    { role: 'runtime-socket', path: socket },
  ];
}

/** What this machine and its node agent are, for the ConfigMap of the node. */
export function hostFactsOf(
  configuration: Configuration,
  facts: Facts,
  runtime: Pick<Runtime, 'version'>,
): Promise<HostFacts> {
  const { nodeName: node, serverUid } = configuration;
  return collectHostFacts({
    ...{ node, serverUid, places: filePlaces(configuration), kubelet: kubeletFacts(node, facts) },
    containerd: async () => (await runtime.version()).version,
  });
}

type Facts = KubeletServer['facts'] & Pick<KubeletFacts, 'seccompDefault'>;

/** The agent signs its certificates itself and renews all of them every day. */
const kubeletFacts = (node: string, facts: Facts): KubeletFacts => ({
  ...facts,
  hostnameOverridden: node !== nodeNameOf(hostname()),
  eventsAtOnceMax,
  rotatesClientCertificate: true,
  rotatesServingCertificate: true,
  podProcessesMax: canLimitProcesses() ? pidsPerPod : -1,
  ownsPacketRules: true,
});
