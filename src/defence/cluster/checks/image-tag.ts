import { type Check, failOn } from '../../contract.ts';
import { examplePod, workloadKinds } from '../../workload.ts';
import { imagesIn, readImageName } from '../image-name.ts';

const withImage = (image: string) =>
  examplePod(({ spec }) => {
    spec.containers[0].image = image;
  });

export const imageTag: Check = {
  id: 'image-tag',
  level: 'cluster',
  severity: 'medium',
  title: 'Every image has a tag that is not latest',
  kinds: workloadKinds,
  why: 'latest is another program tomorrow: pods of one Deployment differ, and nobody can go back',
  mend: 'name a version, and better its digest',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[withImage('localhost:5000/web:1')], [withImage(`web@sha256:${'0'.repeat(64)}`)]],
    fail: [
      [withImage('web')],
      [withImage('localhost:5000/web')],
      [withImage('web:latest')],
      [withImage('web:latest@sha256:')],
      [
        examplePod(({ spec }) => {
          spec.volumes = [{ name: 'models', image: { reference: 'registry.example/models:latest' } }];
        }),
      ],
    ],
  },
  judge(object) {
    return failOn(
      imagesIn(object).flatMap(({ image, field, what }) => {
        const { tag, digest } = readImageName(image);
        if (digest !== undefined || (tag !== undefined && tag !== 'latest')) return [];
        const detail = `${what}: ${image} ${tag ? 'is the tag latest' : 'has no tag'}`;
        return [{ field, reason: 'image that changes', detail }];
      }),
    );
  },
};
