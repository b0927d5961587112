import { type ContainerPlace, containersWhere, named, type PodSecurityCheck, quoted, removeField } from '../check.ts';

type Container = Record<string, any>;

const handlers: { name: string; of(container: Container): any }[] = [
  { name: 'livenessProbe', of: ({ livenessProbe }) => livenessProbe },
  { name: 'readinessProbe', of: ({ readinessProbe }) => readinessProbe },
  { name: 'startupProbe', of: ({ startupProbe }) => startupProbe },
  { name: 'lifecycle.postStart', of: ({ lifecycle }) => lifecycle?.postStart },
  { name: 'lifecycle.preStop', of: ({ lifecycle }) => lifecycle?.preStop },
];
const actions = ['httpGet', 'tcpSocket'];

const namesHost = (action: { host?: string } | undefined): boolean => (action?.host ?? '') !== '';
const leavesPod = (handler: any): boolean => namesHost(handler?.httpGet) || namesHost(handler?.tcpSocket);
const hasForeignHost = (container: Container): boolean => handlers.some(({ of }) => leavesPod(of(container)));

/** The fields of a container that name another host than its own pod. */
const hostFields = ({ container, path }: ContainerPlace): { field: string; host: string }[] =>
  handlers.flatMap(({ name, of }) =>
    actions
      .filter((action) => namesHost(of(container)?.[action]))
      .map((action) => ({ field: `${path}.${name}.${action}.host`, host: of(container)[action].host })),
  );

export const hostProbes: PodSecurityCheck = {
  id: 'hostProbesAndHostLifecycle',
  level: 'baseline',
  why: 'the node sends probes: with a host of its own choice a pod makes it ask services that only the node may reach',
  versions: [
    {
      since: 34,
      evaluate(pod) {
        const bad = containersWhere(pod, hasForeignHost);
        if (bad.length === 0) return undefined;
        const fields = bad.flatMap(hostFields);
        const hosts = quoted(fields.map(({ host }) => host));
        const noun = hosts.includes(',') ? 'hosts' : 'host';
        const detail = `${named(bad)} ${bad.length === 1 ? 'uses' : 'use'} probe or lifecycle ${noun} ${hosts}`;
        const offences = fields.map(({ field }) => ({ field, mend: removeField(field) }));
        return { reason: 'probe or lifecycle host', detail, offences };
      },
    },
  ],
};
