import type { PodLike, PodSecurityCheck, Violation } from '../check.ts';

const since0 = [
  ...['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies'],
  ...['net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start'],
];
const since27 = [...since0, 'net.ipv4.ip_local_reserved_ports'];
const since29 = [
  ...since27,
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  'net.ipv4.tcp_keepalive_probes',
];
const since32 = [...since29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];
const since37 = [...since32, 'net.ipv4.tcp_slow_start_after_idle', 'net.ipv4.tcp_notsent_lowat'];

const evaluateWith =
  (allowed: string[]) =>
  (pod: PodLike): Violation | undefined => {
    const list: { name: string }[] = pod.spec['securityContext']?.sysctls ?? [];
    const bad = list.filter(({ name }) => !allowed.includes(name));
    if (bad.length === 0) return undefined;
    const mend = (mended: PodLike) => {
      mended.spec['securityContext'].sysctls = list.filter(({ name }) => allowed.includes(name));
    };
    const offences = list.flatMap(({ name }, index) =>
      allowed.includes(name) ? [] : [{ field: `spec.securityContext.sysctls[${index}].name`, mend }],
    );
    return { reason: 'forbidden sysctls', detail: bad.map(({ name }) => name).join(', '), offences };
  };

export const sysctls: PodSecurityCheck = {
  id: 'sysctls',
  level: 'baseline',
  why: 'a sysctl that is not of the pod alone changes the kernel for every container of the node',
  versions: [
    { since: 0, evaluate: evaluateWith(since0) },
    { since: 27, evaluate: evaluateWith(since27) },
    { since: 29, evaluate: evaluateWith(since29) },
    { since: 32, evaluate: evaluateWith(since32) },
    { since: 37, evaluate: evaluateWith(since37) },
  ],
};
