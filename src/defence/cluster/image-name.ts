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
