import { podSecurityDefaults } from '../../api/pod-security/modes.ts';

/** off: not enforced; observe: what it would refuse is told and let through; enforce and its stricter forms refuse. */
export type RelaxedMode = 'off' | 'observe' | 'baseline' | 'privileged' | 'deny';
/** Modes that differ from the default, by protection. */
export type Modes = Record<string, string>;

export type Protection = {
  id: string;
  level: 'perimeter' | 'image' | 'cluster' | 'patch';
  /** What is refused or ensured, as a sentence for `rempart status`. */
  what: string;
  default: string;
  /** What it can be in besides its default: by `--relax id=mode`, unless `relaxedBy` names another way. */
  relaxedModes: RelaxedMode[];
  /** Its mode may be changed by writing the Protection object while the cluster runs. */
  atRunTime?: true;
  /** How to relax it, when it is not by `--relax`. */
  relaxedBy?: string;
};

const [strictest, ...laxer] = podSecurityDefaults;

/** Every protection that is on from the first second, and the one flag that relaxes it. */
export const protections: Protection[] = [
  {
    id: 'api-on-loopback',
    level: 'perimeter',
    what: 'The API listens on this machine only',
    default: 'enforce',
    relaxedModes: ['off'],
    relaxedBy: '--listen ADDRESS',
  },
  {
    id: 'client-allow-list',
    level: 'perimeter',
    what: 'Connections of other addresses are closed before TLS',
    default: 'enforce',
    relaxedModes: ['off'],
    relaxedBy: '--allow-from CIDR',
  },
  {
    id: 'anonymous-access',
    level: 'perimeter',
    what: 'Without credentials only health and version answer',
    default: 'enforce',
    atRunTime: true,
    relaxedModes: ['off'],
  },
  {
    id: 'short-lived-certificates',
    level: 'perimeter',
    what: 'Certificates live for a day and are renewed without restart',
    default: 'enforce',
    relaxedModes: [],
    relaxedBy: 'not at all: renewal needs nobody',
  },
  {
    id: 'break-glass',
    level: 'perimeter',
    what: 'Nobody is in system:masters but one credential that the audit log marks',
    default: 'enforce',
    relaxedModes: [],
    relaxedBy: 'not at all: every use is marked',
  },
  {
    id: 'secret-encryption',
    level: 'cluster',
    what: 'Secrets are encrypted on disk, with keys that can be rotated',
    default: 'enforce',
    relaxedModes: ['off'],
  },
  {
    id: 'pod-security',
    level: 'cluster',
    what: 'Namespaces without a label accept only pods of the restricted standard',
    default: strictest,
    atRunTime: true,
    relaxedModes: laxer,
  },
  {
    id: 'namespace-isolation',
    level: 'cluster',
    what: 'A namespace is an island until a NetworkPolicy says otherwise',
    default: 'island',
    atRunTime: true,
    relaxedModes: ['off', 'observe', 'deny'],
  },
  {
    id: 'token-without-rights',
    level: 'cluster',
    what: 'A ServiceAccount token may do nothing until a role says so',
    default: 'enforce',
    relaxedModes: [],
    relaxedBy: 'a RoleBinding',
  },
  {
    id: 'seccomp',
    level: 'cluster',
    what: 'Containers run with the RuntimeDefault seccomp profile',
    default: 'enforce',
    atRunTime: true,
    relaxedModes: ['off'],
  },
  {
    id: 'service-external-ips',
    level: 'perimeter',
    what: 'Services may not claim addresses outside of the cluster',
    default: 'enforce',
    atRunTime: true,
    relaxedModes: ['off', 'observe'],
  },
  {
    id: 'audit',
    level: 'cluster',
    what: 'Every request is recorded in a log whose lines are chained by hash',
    default: 'enforce',
    relaxedModes: ['off'],
  },
  {
    id: 'observations',
    level: 'cluster',
    what: 'Flows, API calls, client addresses and images are observed, within bounds, so that changes can be previewed',
    default: 'enforce',
    relaxedModes: ['off'],
  },
  {
    id: 'unprivileged-api-server',
    level: 'cluster',
    what: "The API server is not root and runs under Node's permission model, without code from strings",
    default: 'enforce',
    relaxedModes: ['off'],
  },
];

/** Whether a mode closes less than the default: `deny` closes more. */
export const isRelaxed = ({ default: standard }: Protection, mode: string): boolean =>
  mode !== standard && mode !== 'deny';

/** The mode a protection is in, given what the cluster relaxes. */
export const modeOf = (id: string, relaxed: Modes): string =>
  relaxed[id] ?? protections.find((protection) => protection.id === id)!.default;

/** The mode a protection starts in: some follow from addresses that were opened. */
export function configuredMode(id: string, { relaxed, listen, allowFrom }: Openings): string {
  const opened =
    (id === 'api-on-loopback' && listen.length > 0) || (id === 'client-allow-list' && allowFrom.includes('0.0.0.0/0'));
  return opened ? 'off' : modeOf(id, relaxed);
}
type Openings = { relaxed: Modes; listen: string[]; allowFrom: string[] };
