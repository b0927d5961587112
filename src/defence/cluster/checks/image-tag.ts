import { type Check, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';
import { readImageName } from '../image-name.ts';

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
    ],
  },
  judge(object) {
    return failOn(
      containersIn(object).flatMap(({ container, field }) => {
        const { tag, digest } = readImageName(String(container['image'] ?? ''));
        if (digest !== undefined || (tag !== undefined && tag !== 'latest')) return [];
        const detail = `container "${container['name']}": ${container['image']} ${tag ? 'is the tag latest' : 'has no tag'}`;
        return [{ field: [...field, 'image'], reason: 'image that changes', detail }];
      }),
    );
  },
};
