import type { Pod } from '../../api/schema/types.d.ts';

/** A pod's host name: `spec.hostname` or its name, cut to what the kernel takes. */
export function hostnameOf(pod: Pod): string {
  const name = pod.spec!.hostnameOverride ?? pod.spec!.hostname ?? pod.metadata!.name!;
  return name.slice(0, 63).replace(/[-.]+$/, '');
}

/** `web-0.web.shop.svc.cluster.local`, or undefined for a pod without a subdomain. */
export function domainNameOf(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain } = pod.spec!;
  if (!subdomain) return undefined;
  return `${hostnameOf(pod)}.${subdomain}.${pod.metadata!.namespace}.svc.${clusterDomain}`;
}

/** The first line of a pod's /etc/hosts, by which programs know whose file it is; the words are Kubernetes' own. */
const hostsHeader = '# Kubernetes-managed hosts file.';
const hostNetworkHeader = '# Kubernetes-managed hosts file (host network).';

/** What /etc/hosts of a pod holds. `hostFile` is the node's own, for pods in the host's network. */
export function hostsFile(pod: Pod, ips: string[], clusterDomain: string, hostFile: string): string {
  const aliases = (pod.spec!.hostAliases ?? []).map(({ ip, hostnames }) => `${ip}\t${(hostnames ?? []).join('\t')}`);
  const added = aliases.length > 0 ? ['', '# Entries added by HostAliases.', ...aliases] : [];
  if (pod.spec!.hostNetwork) return [hostNetworkHeader, hostFile.trimEnd(), ...added, ''].join('\n');
  const names = [domainNameOf(pod, clusterDomain), hostnameOf(pod)].filter((name) => name !== undefined);
  const own = ips.map((ip) => `${ip}\t${names.join('\t')}`);
  const local = ['127.0.0.1\tlocalhost', '::1\tlocalhost ip6-localhost ip6-loopback', 'fe00::0\tip6-localnet'];
  return [hostsHeader, ...local, ...own, ...added, ''].join('\n');
}

export type Dns = { servers: string[]; searches: string[]; options: string[] };
export type ClusterDns = { servers: string[]; domain: string };

/**
 * What /etc/resolv.conf of a pod says (dnsPolicy, dnsConfig). `host` is the node's own configuration. Bounds as in the
 * resolver: 3 servers, 32 search domains.
 */
export function podDns(pod: Pod, cluster: ClusterDns, host: Dns): Dns {
  const { dnsConfig = {}, hostNetwork } = pod.spec!;
  let policy = pod.spec!.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'ClusterFirst' && hostNetwork) policy = 'Default';
  const base = basis(policy, pod.metadata!.namespace!, cluster, host);
  const options = new Map(base.options.map((option) => [option.split(':')[0]!, option]));
  for (const { name = '', value } of dnsConfig.options ?? []) options.set(name, value ? `${name}:${value}` : name);
  return {
    servers: unique([...base.servers, ...(dnsConfig.nameservers ?? [])]).slice(0, 3),
    searches: unique([...base.searches, ...(dnsConfig.searches ?? [])]).slice(0, 32),
    options: [...options.values()],
  };
}

function basis(policy: string, namespace: string, { servers, domain }: ClusterDns, host: Dns): Dns {
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  if (policy === 'Default' || servers.length === 0) return host;
  const own = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return { servers, searches: [...own, ...host.searches], options: ['ndots:5'] };
}

const unique = (values: string[]) => [...new Set(values)];

/** Reads the text of a resolv.conf. */
export function parseResolvConf(text: string): Dns {
  const dns: Dns = { servers: [], searches: [], options: [] };
  for (const line of text.split('\n').slice(0, 100)) {
    const [keyword, ...words] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && words[0]) dns.servers.push(words[0]);
    else if (keyword === 'search') dns.searches = words;
    else if (keyword === 'options') dns.options.push(...words);
  }
  return dns;
}
