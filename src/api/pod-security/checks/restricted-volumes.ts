import type { PodSecurityCheck } from '../check.ts';
import { quoted } from '../check.ts';

const allowed = new Set([
  ...['name', 'configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim'],
  ...['projected', 'secret'],
]);

export const restrictedVolumes: PodSecurityCheck = {
  id: 'restrictedVolumes',
  level: 'restricted',
  replaces: 'hostPathVolumes',
  why: 'volumes of other types reach storage with the node’s rights, past what claims allow',
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const volumes: Record<string, unknown>[] = pod.spec['volumes'] ?? [];
        const types = (volume: Record<string, unknown>) =>
          Object.keys(volume).filter((key) => !allowed.has(key) && volume[key] !== undefined && volume[key] !== null);
        const bad = volumes.filter((volume) => types(volume).length > 0);
        if (bad.length === 0) return undefined;
        const noun = bad.length === 1 ? 'volume' : 'volumes';
        const verb = bad.length === 1 ? 'uses' : 'use';
        const kinds = [...new Set(bad.flatMap(types))];
        const names = quoted(bad.map((volume) => volume['name']));
        const detail = `${noun} ${names} ${verb} restricted volume type${kinds.length === 1 ? '' : 's'} ${quoted(kinds)}`;
        const offences = volumes.flatMap((volume, index) => {
          const [type] = types(volume);
          return type === undefined ? [] : [{ field: `spec.volumes[${index}].${type}` }];
        });
        return { reason: 'restricted volume types', detail, offences };
      },
    },
  ],
};
