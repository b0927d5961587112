import { type Check, failOn } from '../../contract.ts';
import { examplePod, workloadKinds } from '../../workload.ts';
import { imagesIn, readImageName } from '../image-name.ts';

export const imageDigest: Check = {
  id: 'image-digest',
  level: 'cluster',
  severity: 'low',
  title: 'Every image is named by its digest',
  kinds: workloadKinds,
  why: 'whoever may push to the registry can move a tag; a digest is the content itself',
  mend: 'append @sha256:… as the registry tells it; keep the tag for people',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[examplePod()]],
    fail: [
      [
        examplePod(({ spec }) => {
          spec.containers[0].image = 'registry.example/web:1.4';
        }),
      ],
      [
        examplePod(({ spec }) => {
          spec.containers[0].image = 'registry.example/web@1.4';
        }),
      ],
    ],
  },
  judge(object) {
    return failOn(
      imagesIn(object)
        .filter(({ image }) => readImageName(image).digest === undefined)
        .map(({ image, field, what }) => ({ field, reason: 'image without digest', detail: `${what}: ${image}` })),
    );
  },
};
