import { appArmorAnnotation } from '../../pods/app-armor.ts';
import { type Offence, type PodSecurityCheck, placesWhere, quoted, removeField, setters } from '../check.ts';

const annotationAllowed = (value: string) =>
  value === '' || value === 'runtime/default' || value.startsWith('localhost/');
const profileAllowed = (profile: { type?: unknown } | null | undefined) =>
  (profile ?? undefined) === undefined || profile?.type === 'RuntimeDefault' || profile?.type === 'Localhost';

export const appArmorProfile: PodSecurityCheck = {
  id: 'appArmorProfile',
  level: 'baseline',
  why: 'the default AppArmor profile keeps a container from mounting and from writing to the kernel’s files',
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const bad = placesWhere(pod, ({ securityContext }) => !profileAllowed(securityContext?.appArmorProfile));
        const annotations = Object.entries(pod.metadata?.annotations ?? {}).filter(
          ([key, value]) => key.startsWith(appArmorAnnotation) && !annotationAllowed(value),
        );
        if (bad.length + annotations.length === 0) return undefined;
        const values = bad.map(({ container }) => container['securityContext'].appArmorProfile.type ?? '');
        const offences: Offence[] = bad.map(({ path }) => {
          const field = `${path}.securityContext.appArmorProfile`;
          return { field, mend: removeField(field) };
        });
        for (const [key, value] of annotations) {
          values.push(`${key}="${value}"`);
          const mend = (mended: typeof pod) => void delete mended.metadata?.annotations?.[key];
          offences.push({ field: `metadata.annotations[${key}]`, mend });
        }
        const reason = new Set(values).size === 1 ? 'forbidden AppArmor profile' : 'forbidden AppArmor profiles';
        const noted = annotations.length === 0 ? [] : [annotations.length === 1 ? 'annotation' : 'annotations'];
        const who = [...(bad.length > 0 ? [setters(bad)] : []), ...noted].join(' and ');
        return { reason, detail: `${who} must not set AppArmor profile type to ${quoted(values)}`, offences };
      },
    },
  ],
};
