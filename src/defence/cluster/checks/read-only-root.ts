import { type Check, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';

export const readOnlyRoot: Check = {
  id: 'read-only-root',
  level: 'cluster',
  severity: 'low',
  title: 'No container writes into its own image',
  kinds: workloadKinds,
  why: 'an intruder cannot put programs where nothing can be written, and what was there at the start stays what it is',
  mend: 'set securityContext.readOnlyRootFilesystem: true, and mount an emptyDir where the program writes',
  benchmark: ['CIS 5.6.3', 'NSA pod security'],
  examples: {
    pass: [
      [
        examplePod(({ spec }) => {
          spec.containers[0].securityContext.readOnlyRootFilesystem = true;
        }),
      ],
    ],
    fail: [[examplePod()]],
  },
  judge(object) {
    return failOn(
      containersIn(object)
        .filter(
          ({ container, ephemeral }) => !ephemeral && container['securityContext']?.readOnlyRootFilesystem !== true,
        )
        .map(({ container, field }) => ({
          field: [...field, 'securityContext', 'readOnlyRootFilesystem'],
          reason: 'writable image',
          detail: `container "${container['name']}" may change the files that it was started from`,
        })),
    );
  },
};
