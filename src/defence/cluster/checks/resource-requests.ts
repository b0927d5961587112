import { type Check, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';

export const resourceRequests: Check = {
  id: 'resource-requests',
  level: 'cluster',
  severity: 'low',
  title: 'Every container requests CPU and memory',
  kinds: workloadKinds,
  why: 'without requests the scheduler places pods where there is no room, and the kernel ends them first',
  mend: 'set resources.requests.cpu and .memory to what is used in normal times',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[examplePod()]],
    fail: [[examplePod(({ spec }) => void delete spec.containers[0].resources)]],
  },
  judge(object) {
    return failOn(
      containersIn(object)
        .filter(({ ephemeral }) => !ephemeral)
        .flatMap(({ container, field }) => {
          const { requests, limits } = container['resources'] ?? {};
          // A limit stands for a request that is absent.
          const missing = ['cpu', 'memory'].filter((name) => !requests?.[name] && !limits?.[name]);
          if (missing.length === 0) return [];
          const detail = `container "${container['name']}" requests no ${missing.join(' and no ')}`;
          return [{ field: [...field, 'resources', 'requests'], reason: 'no resource request', detail }];
        }),
    );
  },
};
