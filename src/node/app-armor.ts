import { readFileSync } from 'node:fs';
import type { Container as ContainerSpec, Pod } from '../api/schema/types.d.ts';
import type { ContainerSecurity } from './runtimes/runtime.ts';
import { ConfigError } from './security.ts';

/** Where the kernel shows what it has. */
type Places = { enabled: string; profiles: string };
const places: Places = {
  enabled: '/sys/module/apparmor/parameters/enabled',
  profiles: '/sys/kernel/security/apparmor/profiles',
};

/**
 * The profile of one container, its own or the pod's. Undefined leaves it to the runtime: its default, or none where the
 * kernel has no AppArmor or the container is privileged. Throws ConfigError for a profile that this kernel has not, the
 * default included, as upstream does.
 */
export function appArmorProfile(
  pod: Pod,
  container: ContainerSpec,
  { enabled, profiles }: Places = places,
): ContainerSecurity['appArmor'] {
  const asked = container.securityContext?.appArmorProfile ?? pod.spec!.securityContext?.appArmorProfile;
  if (!asked) return undefined;
  const isOn = read(enabled)?.startsWith('Y') ?? false;
  if (!isOn && asked.type === 'Unconfined') return undefined;
  const name = asked.localhostProfile ?? '';
  const which = asked.type === 'Localhost' ? `.localhostProfile ${JSON.stringify(name)}` : ` ${asked.type}`;
  const refusal = (why: string) => new ConfigError(`appArmorProfile${which}: ${why}`);
  if (!isOn) throw refusal('this node has no AppArmor: choose a node that has it, or leave the profile out');
  if (asked.type === 'RuntimeDefault' || asked.type === 'Unconfined') return { type: asked.type };
  const loaded = read(profiles);
  if (loaded === undefined)
    throw refusal(`which profiles are loaded cannot be read: mount securityfs, for ${profiles}, on the node`);
  if (!namesOf(loaded).includes(name))
    throw refusal('it is not loaded on this node: load it there (apparmor_parser -r FILE), or name one that is');
  return { type: 'Localhost', localhostProfile: name };
}

/** A line is `NAME (MODE)`. */
const namesOf = (profiles: string) => [...profiles.matchAll(/^(.+) \(\w+\)$/gm)].map(([, name]) => name);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
