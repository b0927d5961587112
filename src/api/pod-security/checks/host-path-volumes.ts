import { type PodSecurityCheck, quoted } from '../check.ts';

export const hostPathVolumes: PodSecurityCheck = {
  id: 'hostPathVolumes',
  level: 'baseline',
  why: "the node's files hold its credentials and start its programs",
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const volumes: any[] = pod.spec['volumes'] ?? [];
        const isBad = ({ hostPath }: any) => (hostPath ?? undefined) !== undefined;
        const bad = volumes.filter(isBad);
        if (bad.length === 0) return undefined;
        const noun = bad.length === 1 ? 'volume' : 'volumes';
        // what should be there instead is for its author to say
        const offences = volumes.flatMap((volume, index) =>
          isBad(volume) ? [{ field: `spec.volumes[${index}].hostPath` }] : [],
        );
        return { reason: 'hostPath volumes', detail: `${noun} ${quoted(bad.map(({ name }) => name))}`, offences };
      },
    },
  ],
};
