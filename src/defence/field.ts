/** `['spec', 'containers', 0, 'image']`. */
export type FieldPath = (string | number)[];

/** `spec.containers[0].image`; names with dots in brackets: `metadata.annotations[a.b/c]`. */
export function formatField(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number' || /[.[\]]/.test(part)) text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** The opposite of `formatField`. */
export function parseField(text: string): FieldPath {
  return [...text.matchAll(/\[(\d+)\]|\[([^\]]+)\]|([^.[\]]+)/g)].map(([, index, name, plain]) =>
    index === undefined ? (name ?? plain!) : Number(index),
  );
}

/** A JSON pointer (RFC 6901). */
export const pointer = (path: FieldPath): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** The keys of a JSON pointer. */
export const pointerKeys = (text: string): string[] =>
  text
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
