import { containersOf, type Offence, type PodSecurityCheck, quoted, removeField } from '../check.ts';

const annotationPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const annotationAllowed = (value: string) =>
  value === '' || value === 'runtime/default' || value.startsWith('localhost/');
const typeAllowed = (type: unknown) => type === undefined || type === 'RuntimeDefault' || type === 'Localhost';

export const appArmorProfile: PodSecurityCheck = {
  id: 'appArmorProfile',
  level: 'baseline',
  why: 'the default AppArmor profile keeps a container from mounting and from writing to the kernel’s files',
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const places = [{ container: pod.spec, path: 'spec' }, ...containersOf(pod)];
        const bad = places.filter(({ container }) => !typeAllowed(container['securityContext']?.appArmorProfile?.type));
        const values = bad.map(({ container }) => container['securityContext'].appArmorProfile.type);
        const offences: Offence[] = bad.map(({ path }) => {
          const field = `${path}.securityContext.appArmorProfile`;
          return { field, mend: removeField(field) };
        });
        for (const [key, value] of Object.entries(pod.metadata?.annotations ?? {})) {
          if (!key.startsWith(annotationPrefix) || annotationAllowed(value)) continue;
          values.push(`${key}=${value}`);
          const mend = (mended: typeof pod) => void delete mended.metadata?.annotations?.[key];
          offences.push({ field: `metadata.annotations[${key}]`, mend });
        }
        if (offences.length === 0) return undefined;
        const reason = offences.length === 1 ? 'forbidden AppArmor profile' : 'forbidden AppArmor profiles';
        return { reason, detail: quoted(values), offences };
      },
    },
  ],
};
