import { posix } from 'node:path';
import { type Check, type Finding, failOn, notApplicable } from '../../contract.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

/** Whoever writes here, and for most whoever reads, owns the node or the cluster. */
const sensitive = [
  ...['/etc', '/root', '/home', '/boot', '/dev', '/proc', '/sys', '/usr', '/bin', '/sbin', '/lib', '/lib64'],
  ...['/var/lib/kubelet', '/var/lib/etcd', '/var/lib/docker', '/var/lib/containerd', '/var/lib/rempart'],
  ...['/run', '/var/run', '/var/log', '/opt/cni', '/var/spool/cron'],
];

const mounting = (path: string) =>
  examplePod(({ spec }) => {
    spec.volumes = [{ name: 'host', hostPath: { path } }];
  });

export const sensitiveHostPath: Check = {
  id: 'sensitive-host-path',
  level: 'cluster',
  severity: 'critical',
  title: 'No pod mounts what the node itself is made of',
  kinds: workloadKinds,
  why: 'the runtime’s socket, the kubelet’s folder or /etc in a container are root on the node',
  mend: 'use a PersistentVolume; for logs and devices mount the one folder that is needed, read-only',
  benchmark: ['CIS 5.2.11', 'NSA pod security'],
  examples: {
    pass: [[examplePod()], [mounting('/srv/data')]],
    fail: [[mounting('/')], [mounting('/var/run/docker.sock')], [mounting('/srv/../etc/')]],
  },
  judge(object) {
    const found = podOf(object);
    if (found === undefined) return notApplicable;
    const findings: Finding[] = [];
    for (const [index, volume] of ((found.pod.spec['volumes'] ?? []) as Record<string, any>[]).entries()) {
      if (typeof volume['hostPath']?.path !== 'string') continue;
      const path = posix.join('/', volume['hostPath'].path, '/').slice(0, -1) || '/';
      if (path !== '/' && !sensitive.some((folder) => path === folder || path.startsWith(`${folder}/`))) continue;
      const field = [...found.prefix, 'spec', 'volumes', index, 'hostPath', 'path'];
      findings.push({
        field,
        reason: 'a part of the node is mounted',
        detail: `volume "${volume['name']}" is ${path}`,
      });
    }
    return failOn(findings);
  },
};
