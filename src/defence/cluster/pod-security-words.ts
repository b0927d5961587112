/** `offend` makes an example that fails of one that passes. */
type PodSecurityWords = { title: string; cis?: string; offend(spec: any, container: any): void };

/** What each check of the standards is called here, which item of the CIS benchmark it answers, and an offence. */
export const podSecurityWords: Record<string, PodSecurityWords> = {
  hostNamespaces: {
    title: 'No pod shares the node’s network, processes or memory',
    cis: '5.2.3, CIS 5.2.4, CIS 5.2.5',
    offend: (spec) => {
      spec.hostPID = true;
    },
  },
  privileged: {
    title: 'No container is privileged',
    cis: '5.2.2',
    offend: (_, container) => {
      container.securityContext.privileged = true;
    },
  },
  hostPathVolumes: {
    title: 'No pod mounts folders of the node',
    cis: '5.2.11',
    offend: (spec) => {
      spec.volumes = [{ name: 'host', hostPath: { path: '/srv' } }];
    },
  },
  hostPorts: {
    title: 'No container takes a port of the node',
    cis: '5.2.12',
    offend: (_, container) => {
      container.ports = [{ containerPort: 80, hostPort: 80 }];
    },
  },
  hostProbesAndHostLifecycle: {
    title: 'Probes and hooks ask the pod itself',
    offend: (_, container) => {
      container.livenessProbe = { httpGet: { host: '10.0.0.1', port: 80 } };
    },
  },
  appArmorProfile: {
    title: 'No AppArmor profile is switched off',
    offend: (_, container) => {
      container.securityContext.appArmorProfile = { type: 'Unconfined' };
    },
  },
  capabilities_baseline: {
    title: 'No container adds capabilities beyond the usual',
    cis: '5.2.8',
    offend: (_, container) => {
      container.securityContext.capabilities = { add: ['SYS_ADMIN'] };
    },
  },
  procMount: {
    title: 'The kernel’s files stay masked',
    offend: (_, container) => {
      container.securityContext.procMount = 'Unmasked';
    },
  },
  procMount_restricted: {
    title: 'The kernel’s files stay masked, also in user namespaces',
    offend: (spec, container) => {
      spec.hostUsers = false;
      container.securityContext.procMount = 'Unmasked';
    },
  },
  seLinuxOptions: {
    title: 'No SELinux user, role or type of its own choice',
    offend: (spec) => {
      spec.securityContext.seLinuxOptions = { type: 'spc_t' };
    },
  },
  seccompProfile_baseline: {
    title: 'Seccomp is not switched off',
    cis: '5.6.2',
    offend: (spec) => {
      spec.securityContext.seccompProfile = { type: 'Unconfined' };
    },
  },
  sysctls: {
    title: 'No sysctl that is not of the pod alone',
    offend: (spec) => {
      spec.securityContext.sysctls = [{ name: 'kernel.msgmax', value: '1' }];
    },
  },
  windowsHostProcess: {
    title: 'No container is a process of a Windows host',
    cis: '5.2.10',
    offend: (_, container) => {
      container.securityContext.windowsOptions = { hostProcess: true };
    },
  },
  allowPrivilegeEscalation: {
    title: 'No container gains more privileges than it began with',
    cis: '5.2.6, CIS 5.6.3',
    offend: (_, container) => {
      delete container.securityContext.allowPrivilegeEscalation;
    },
  },
  capabilities_restricted: {
    title: 'Every container drops all capabilities',
    cis: '5.2.8, CIS 5.2.9, CIS 5.6.3',
    offend: (_, container) => {
      delete container.securityContext.capabilities;
    },
  },
  restrictedVolumes: {
    title: 'Only volumes that belong to the pod or its namespace',
    cis: '5.2.11',
    offend: (spec) => {
      spec.volumes = [{ name: 'files', nfs: { server: '10.0.0.1', path: '/' } }];
    },
  },
  runAsNonRoot: {
    title: 'Every container says that it is not root',
    cis: '5.2.7, CIS 5.6.3',
    offend: (spec) => {
      delete spec.securityContext.runAsNonRoot;
    },
  },
  runAsUser: {
    title: 'No container runs as user 0',
    cis: '5.2.7',
    offend: (_, container) => {
      container.securityContext.runAsUser = 0;
    },
  },
  seccompProfile_restricted: {
    title: 'Every container has a seccomp profile',
    cis: '5.6.2',
    offend: (spec) => {
      delete spec.securityContext.seccompProfile;
    },
  },
};
