import { jsonDifference } from '../../../api/merge/json-difference.ts';
import {
  evaluatePod,
  type PodLike,
  type PodSecurityCheck,
  podSecurityChecks,
  type Violation,
} from '../../../api/pod-security/pod-security.ts';
import {
  type Check,
  type Finding,
  failOn,
  type JudgeContext,
  notApplicable,
  type PatchOperation,
  pass,
} from '../../contract.ts';
import { type FieldPath, parseField, pointer } from '../../field.ts';
import { examplePod, podOf, workloadKinds } from '../../workload.ts';

type Words = { title: string; cis?: string; offend(spec: any, container: any, pod: any): void };

/** What each check of the standards is called here, which item of the CIS benchmark it answers, and an offence. */
const words: Record<string, Words> = {
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

/** One check per rule of the Pod Security Standards, by the evaluator that also admits pods. */
export const podSecurity: Check[] = podSecurityChecks.map((rule) => {
  const { title, cis, offend } = words[rule.id]!;
  const offending = examplePod(({ spec, ...pod }) => offend(spec, spec.containers[0], pod));
  return {
    id: `pod-security/${rule.id}`,
    level: 'cluster',
    severity: rule.level === 'baseline' ? 'high' : 'medium',
    title,
    kinds: workloadKinds,
    why: rule.why,
    mend: `remove what the ${rule.level} standard refuses, as the patch does`,
    benchmark: [...(cis ? `CIS ${cis}`.split(', ') : []), 'NSA pod security'],
    examples: { pass: [[examplePod()]], fail: [[offending]] },
    judge: (object, context) => judgeRule(rule, object, context),
  };
});

/** At level restricted, a stricter check speaks for some of the baseline, as of the version that brought it. */
function hasStricter({ id }: PodSecurityCheck, minor: number): boolean {
  return podSecurityChecks.some(({ replaces, versions }) => replaces === id && versions[0]!.since <= minor);
}

/** Every check asks about the same pod one after the other. */
const evaluated = new WeakMap<object, { policy: unknown; violations: ReturnType<typeof evaluatePod> }>();

function violationsOf(pod: PodLike, policy: JudgeContext['podSecurity']) {
  let known = evaluated.get(pod);
  if (known?.policy !== policy) {
    known = { policy, violations: evaluatePod(pod, policy) };
    evaluated.set(pod, known);
  }
  return known.violations;
}

const minorOf = (version: number | 'latest') => (version === 'latest' ? Number.POSITIVE_INFINITY : version);

function judgeRule(rule: PodSecurityCheck, object: Record<string, any> & any, context: JudgeContext) {
  const { level, version } = context.podSecurity;
  const found = podOf(object);
  if (found === undefined || level === 'privileged') return notApplicable;
  if (level === 'baseline' && rule.level === 'restricted') return notApplicable;
  const minor = minorOf(version);
  if (rule.versions[0]!.since > minor) return notApplicable;
  if (level === 'restricted' && hasStricter(rule, minor)) return notApplicable;
  const violation = violationsOf(found.pod, context.podSecurity).find(({ check }) => check === rule.id);
  if (violation === undefined) return pass;
  const loose = rule.replaces !== undefined && alsoOffendsBaseline(rule.replaces, found.pod, context);
  return failOn(findingsOf(violation, found.pod, found.prefix, loose));
}

function alsoOffendsBaseline(id: string, pod: PodLike, { podSecurity: { version } }: JudgeContext): boolean {
  const minor = minorOf(version);
  const baseline = podSecurityChecks.find((check) => check.id === id)!;
  return baseline.versions.findLast(({ since }) => since <= minor)?.evaluate(pod) !== undefined;
}

function findingsOf(
  { reason, detail, offences }: Violation,
  pod: PodLike,
  prefix: FieldPath,
  loose: boolean,
): Finding[] {
  return offences.map(({ field, mend }) => {
    const found: Finding = { field: [...prefix, ...parseField(field)], reason, detail };
    if (loose) found.severity = 'high';
    if (mend === undefined) return found;
    // Made only when somebody asks: most readers look at the first line.
    let patch: PatchOperation[] | undefined;
    Object.defineProperty(found, 'patch', {
      enumerable: true,
      get: () => {
        patch ??= patchOf(pod, mend, prefix);
        return patch;
      },
    });
    return found;
  });
}

function patchOf(pod: PodLike, mend: (pod: PodLike) => void, prefix: FieldPath): PatchOperation[] {
  const mended = structuredClone(pod);
  mend(mended);
  const operations = jsonDifference(pod, mended);
  return operations.map((operation) => ({ ...operation, path: `${pointer(prefix)}${operation.path}` }));
}
