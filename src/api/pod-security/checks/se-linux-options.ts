import type { Violation } from '../check.ts';
import {
  type ContainerPlace,
  type PodLike,
  type PodSecurityCheck,
  placesWhere,
  quoted,
  removeField,
  setters,
} from '../check.ts';

const firstTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

/** The options that no standard allows, with their values. */
function forbidden({ container }: ContainerPlace, types: string[]): [key: string, value: string][] {
  const { type, user, role } = container['securityContext'].seLinuxOptions;
  return Object.entries({
    ...(types.includes(type ?? '') ? {} : { type }),
    ...(user ? { user } : {}),
    ...(role ? { role } : {}),
  });
}

const evaluateWith =
  (types: string[]) =>
  (pod: PodLike): Violation | undefined => {
    const places = placesWhere(pod, ({ securityContext }) => (securityContext?.seLinuxOptions ?? null) !== null);
    const fields = places.flatMap((place) => forbidden(place, types).map(([key, value]) => ({ place, key, value })));
    if (fields.length === 0) return undefined;
    const who = setters([...new Set(fields.map(({ place }) => place))]);
    const what = ['type', 'user', 'role'].flatMap((key) => {
      const values = fields.filter((field) => field.key === key).map(({ value }) => value);
      if (values.length === 0) return [];
      return key === 'type'
        ? `type${new Set(values).size === 1 ? '' : 's'} ${quoted(values)}`
        : `${key} may not be set`;
    });
    const offences = fields.map(({ place, key }) => {
      const field = `${place.path}.securityContext.seLinuxOptions.${key}`;
      return { field, mend: removeField(field) };
    });
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
      offences,
    };
  };

export const seLinuxOptions: PodSecurityCheck = {
  id: 'seLinuxOptions',
  level: 'baseline',
  why: 'another SELinux type or user may read what containers may not',
  versions: [
    { since: 0, evaluate: evaluateWith(firstTypes) },
    { since: 31, evaluate: evaluateWith([...firstTypes, 'container_engine_t']) },
  ],
};
