import type { Manifest } from '../contract.ts';
import type { FieldPath } from '../field.ts';
import { containersIn, podOf } from '../workload.ts';

export type PlacedImage = { image: string; field: FieldPath; what: string };

/** Every image that an object's pod runs or mounts, with its place in the object. */
export function imagesIn(object: Manifest): PlacedImage[] {
  const ran = containersIn(object).map(({ container, field }) => ({
    ...{ image: String(container['image'] ?? ''), field: [...field, 'image'] },
    what: `container "${container['name']}"`,
  }));
  const found = podOf(object);
  const mounted = ((found?.pod.spec['volumes'] ?? []) as Record<string, any>[]).flatMap(({ name, image }, index) =>
    image
      ? {
          ...{ image: String(image.reference ?? ''), what: `volume "${name}"` },
          field: [...found!.prefix, 'spec', 'volumes', index, 'image', 'reference'],
        }
      : [],
  );
  return [...ran, ...mounted];
}

const digestForm = /^[A-Za-z][A-Za-z0-9]*(?:[+._-][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/;

/**
 * The parts of `registry/path:tag@sha256:…`. What only stands where a digest would is none: nothing is fixed by it.
 * https://github.com/distribution/reference
 */
export function readImageName(image: string): { tag: string | undefined; digest: string | undefined } {
  const [name = '', digest = ''] = image.trim().split('@', 2);
  const tag = /:([^:/]+)$/.exec(name)?.[1];
  return { tag, digest: digestForm.test(digest) ? digest : undefined };
}
