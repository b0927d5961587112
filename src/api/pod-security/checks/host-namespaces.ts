import { type PodSecurityCheck, setField } from '../check.ts';

const fields = ['hostNetwork', 'hostPID', 'hostIPC'];

export const hostNamespaces: PodSecurityCheck = {
  id: 'hostNamespaces',
  level: 'baseline',
  why: "a pod in the node's namespaces sees its processes and its network, past every policy",
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const set = fields.filter((field) => pod.spec[field] === true);
        if (set.length === 0) return undefined;
        const offences = set.map((field) => ({ field: `spec.${field}`, mend: setField(`spec.${field}`, false) }));
        return { reason: 'host namespaces', detail: set.map((field) => `${field}=true`).join(', '), offences };
      },
    },
  ],
};
