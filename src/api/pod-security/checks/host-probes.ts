import { containersWhere, named, type PodSecurityCheck, quoted, removeField } from '../check.ts';

const handlers = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop'].map(
  (name) => ({ name, keys: name.split('.') }),
);
const actions = ['httpGet', 'tcpSocket'];

/** The fields of a container that name another host than its own pod. */
function hostFields(container: Record<string, any>): { field: string; host: string }[] {
  const fields: { field: string; host: string }[] = [];
  for (const { name, keys } of handlers) {
    let handler: any = container;
    for (const key of keys) handler = handler?.[key];
    for (const action of actions) {
      const host = handler?.[action]?.host ?? '';
      if (host !== '') fields.push({ field: `${name}.${action}.host`, host });
    }
  }
  return fields;
}

export const hostProbes: PodSecurityCheck = {
  id: 'hostProbesAndHostLifecycle',
  level: 'baseline',
  why: 'the node sends probes: with a host of its own choice a pod makes it ask services that only the node may reach',
  versions: [
    {
      since: 34,
      evaluate(pod) {
        const bad = containersWhere(pod, (container) => hostFields(container).length > 0);
        if (bad.length === 0) return undefined;
        const fields = bad.flatMap(({ container, path }) =>
          hostFields(container).map(({ field, host }) => ({ field: `${path}.${field}`, host })),
        );
        const hosts = quoted(fields.map(({ host }) => host));
        const noun = hosts.includes(',') ? 'hosts' : 'host';
        const detail = `${named(bad)} ${bad.length === 1 ? 'uses' : 'use'} probe or lifecycle ${noun} ${hosts}`;
        const offences = fields.map(({ field }) => ({ field, mend: removeField(field) }));
        return { reason: 'probe or lifecycle host', detail, offences };
      },
    },
  ],
};
