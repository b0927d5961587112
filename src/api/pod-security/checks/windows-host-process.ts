import { type PodSecurityCheck, placesWhere, setField, setters } from '../check.ts';

export const windowsHostProcess: PodSecurityCheck = {
  id: 'windowsHostProcess',
  level: 'baseline',
  why: 'a host process runs outside every container isolation of Windows',
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const bad = placesWhere(pod, ({ securityContext }) => securityContext?.windowsOptions?.hostProcess === true);
        if (bad.length === 0) return undefined;
        const who = setters(bad);
        const offences = bad.map(({ path }) => {
          const field = `${path}.securityContext.windowsOptions.hostProcess`;
          return { field, mend: setField(field, false) };
        });
        const detail = `${who} must not set securityContext.windowsOptions.hostProcess=true`;
        return { reason: 'hostProcess', detail, offences };
      },
    },
  ],
};
