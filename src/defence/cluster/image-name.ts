/** The parts of `registry/path:tag@sha256:…`. */
export function readImageName(image: string): { tag: string | undefined; digest: string | undefined } {
  const [name = '', digest] = image.split('@', 2);
  const tag = /:([^:/]+)$/.exec(name)?.[1];
  return { tag, digest };
}
