import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileRole, type HostFacts, type HostFile, hostFilesMax, type KubeletFacts } from '../api/host-facts.ts';

/** As much of a machine's files as facts need: a test gives another machine. */
export type HostFiles = {
  stat(path: string): Promise<{ mode: number; uid: number; gid: number; isDirectory(): boolean }>;
  readdir(path: string): Promise<string[]>;
  readFile(path: string, encoding: 'utf8'): Promise<string>;
};

const systemFiles: HostFiles = { stat, readdir, readFile };

/** Where files of a role lie: a file, or all files of a directory whose names match. */
export type FilePlace = { role: FileRole; path: string; names?: RegExp };

export type HostFactsOptions = {
  node: string;
  /** This cluster's own files. Those of kubeadm are looked for anyway: a machine may have been, or be, such a node. */
  places: FilePlace[];
  serverUid: number;
  kubelet: KubeletFacts;
  containerd: () => Promise<string>;
  files?: HostFiles;
};

const kubernetes = '/etc/kubernetes';
/** Where kubeadm and the packages of Kubernetes put things. */
const kubeadmPlaces: FilePlace[] = [
  { role: 'api-server-manifest', path: `${kubernetes}/manifests/kube-apiserver.yaml` },
  { role: 'controller-manager-manifest', path: `${kubernetes}/manifests/kube-controller-manager.yaml` },
  { role: 'scheduler-manifest', path: `${kubernetes}/manifests/kube-scheduler.yaml` },
  { role: 'etcd-manifest', path: `${kubernetes}/manifests/etcd.yaml` },
  { role: 'network-configuration', path: '/etc/cni/net.d', names: /\.(conf|conflist|json)$/ },
  { role: 'store-directory', path: '/var/lib/etcd' },
  { role: 'admin-kubeconfig', path: `${kubernetes}/admin.conf` },
  { role: 'admin-kubeconfig', path: `${kubernetes}/super-admin.conf` },
  { role: 'scheduler-kubeconfig', path: `${kubernetes}/scheduler.conf` },
  { role: 'controller-manager-kubeconfig', path: `${kubernetes}/controller-manager.conf` },
  { role: 'pki-directory', path: `${kubernetes}/pki` },
  ...[`${kubernetes}/pki`, `${kubernetes}/pki/etcd`].flatMap((path): FilePlace[] => [
    { role: 'certificate', path, names: /\.crt$/ },
    { role: 'private-key', path, names: /\.key$/ },
  ]),
  { role: 'kubelet-service', path: '/etc/systemd/system/kubelet.service.d', names: /\.conf$/ },
  { role: 'kubelet-service', path: '/usr/lib/systemd/system/kubelet.service' },
  { role: 'kubelet-kubeconfig', path: `${kubernetes}/kubelet.conf` },
  { role: 'kubelet-client-authority', path: `${kubernetes}/pki/ca.crt` },
  { role: 'kubelet-configuration', path: '/var/lib/kubelet/config.yaml' },
  { role: 'proxy-kubeconfig', path: '/var/lib/kube-proxy/kubeconfig.conf' },
];

/** What an intruder in a container would like to find otherwise. */
const sysctls = [
  ...['kernel.randomize_va_space', 'kernel.kptr_restrict', 'kernel.dmesg_restrict', 'kernel.unprivileged_bpf_disabled'],
  ...[
    'kernel.yama.ptrace_scope',
    'kernel.panic',
    'kernel.panic_on_oops',
    'vm.overcommit_memory',
    'net.ipv4.ip_forward',
  ],
  ...['fs.protected_hardlinks', 'fs.protected_symlinks', 'user.max_user_namespaces'],
];

/** Reads the machine: owners and modes of files, never what is in them. What is absent is left out. */
export async function collectHostFacts(options: HostFactsOptions): Promise<HostFacts> {
  const files = options.files ?? systemFiles;
  const text = (path: string) => files.readFile(path, 'utf8').catch(() => '');
  const nameOf = async (path: string) => namesIn(await text(path));
  const names = { users: await nameOf('/etc/passwd'), groups: await nameOf('/etc/group') };
  const found: HostFile[] = [];
  let omitted = 0;
  for (const place of [...options.places, ...kubeadmPlaces])
    for (const path of await pathsOf(place, files)) {
      const file = await fileAt(place.role, path, files, names);
      if (file === undefined) continue;
      if (found.length < hostFilesMax) found.push(file);
      else omitted++;
    }
  const values = await Promise.all(
    sysctls.map(async (name) => [name, (await text(`/proc/sys/${name.replaceAll('.', '/')}`)).trim()] as const),
  );
  const { node, serverUid, kubelet } = options;
  return {
    ...{ version: 1, node, files: found, omitted, kubelet },
    ...(serverUid === 0 ? {} : { serverAccount: names.users.get(serverUid) ?? String(serverUid) }),
    sysctls: Object.fromEntries(values.filter(([, value]) => value !== '')),
    kernel: (await text('/proc/sys/kernel/osrelease')).trim(),
    operatingSystem: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(await text('/etc/os-release'))?.[1] ?? '',
    containerd: await options.containerd().catch(() => ''),
  };
}

async function pathsOf({ path, names }: FilePlace, files: HostFiles): Promise<string[]> {
  if (names === undefined) return [path];
  const entries = await files.readdir(path).catch(() => [] as string[]);
  return entries
    .filter((name) => names.test(name))
    .sort()
    .map((name) => join(path, name));
}

type Names = { users: Map<number, string>; groups: Map<number, string> };

async function fileAt(
  role: FileRole,
  path: string,
  files: HostFiles,
  { users, groups }: Names,
): Promise<HostFile | undefined> {
  const status = await files.stat(path).catch(() => undefined);
  if (status === undefined) return undefined;
  const { mode, uid, gid } = status;
  return {
    role,
    path,
    mode: mode & 0o7777,
    owner: users.get(uid) ?? String(uid),
    group: groups.get(gid) ?? String(gid),
  };
}

/** `name:password:number:…`, as in /etc/passwd and /etc/group. */
function namesIn(text: string): Map<number, string> {
  const lines = text.split('\n').map((line) => line.split(':'));
  return new Map(lines.filter(([name, , number]) => name && number).map(([name, , number]) => [Number(number), name!]));
}
