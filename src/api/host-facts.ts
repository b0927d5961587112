/**
 * What a node agent tells of its machine: owners and modes of files, its own settings, versions. Never contents. It lies
 * in the API as a ConfigMap per node, which only that node may write.
 */

export const hostFactsNamespace = 'kube-system';
const namePrefix = 'host-facts.';
/** Of the ConfigMap of a node. */
export const hostFactsName = (node: string): string => `${namePrefix}${node}`;

const fileRoles = [
  ...(['api-server-manifest', 'controller-manager-manifest', 'scheduler-manifest', 'etcd-manifest'] as const),
  ...(['network-configuration', 'store-directory', 'pki-directory', 'certificate', 'private-key'] as const),
  ...(['admin-kubeconfig', 'scheduler-kubeconfig', 'controller-manager-kubeconfig', 'proxy-kubeconfig'] as const),
  ...(['kubelet-service', 'kubelet-kubeconfig', 'kubelet-client-authority', 'kubelet-configuration'] as const),
  ...(['runtime-configuration', 'runtime-socket'] as const),
] as const;
/** What a file is for, wherever it lies. */
export type FileRole = (typeof fileRoles)[number];

/** `mode` has the permission bits only; owner and group are names, or numbers where the machine has no name for them. */
export type HostFile = { role: FileRole; path: string; mode: number; owner: string; group: string };

/** The settings of a kubelet, in the terms of KubeletConfiguration, or of what stands for it. */
export type KubeletFacts = {
  anonymousAuthentication: boolean;
  /** `AlwaysAllow`, `Webhook`, or who alone is served. */
  authorization: string;
  clientAuthority: boolean;
  readOnlyPort: number;
  streamingIdleSeconds: number;
  ownsPacketRules: boolean;
  hostnameOverridden: boolean;
  /** Of one object, before repetitions are held back. */
  eventsAtOnceMax: number;
  servingCertificate: boolean;
  rotatesClientCertificate: boolean;
  rotatesServingCertificate: boolean;
  minimumTls: string;
  podProcessesMax: number;
  seccompDefault: boolean;
};

export type HostFacts = {
  version: 1;
  node: string;
  files: HostFile[];
  /** Files beyond `hostFilesMax`, of which nothing is told. */
  omitted: number;
  /** The account of an API server that is not root. */
  serverAccount?: string;
  kubelet: Partial<KubeletFacts>;
  /** `kernel.randomize_va_space` and others that decide what a container could do to its node. */
  sysctls: Record<string, string>;
  kernel: string;
  operatingSystem: string;
  containerd: string;
};

export const hostFilesMax = 200;
/** A ConfigMap of facts is far smaller. */
export const hostFactsBytesMax = 64 * 1024;

/** The facts in a ConfigMap's text; undefined for what is too large or not of this shape. */
export function readHostFacts(text: unknown): HostFacts | undefined {
  if (typeof text !== 'string' || text.length > hostFactsBytesMax) return undefined;
  try {
    const facts = JSON.parse(text);
    const { version, node, files, kubelet } = facts;
    const whole = version === 1 && typeof node === 'string' && Array.isArray(files) && files.every(isFile);
    return whole && typeof kubelet === 'object' && kubelet !== null ? facts : undefined;
  } catch {
    return undefined;
  }
}

function isFile(file: unknown): file is HostFile {
  const { role, path, mode, owner, group } = (file ?? {}) as HostFile;
  return (
    fileRoles.includes(role) &&
    [path, owner, group].every((value) => typeof value === 'string') &&
    Number.isInteger(mode)
  );
}
