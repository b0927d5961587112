import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isObject } from '../../../foundation/json.ts';

/** An image as a JSON file describes it; paths in `from` are relative to that file. */
export type Specification = {
  /** Full reference, such as `rempart.local/shop/front:1`. */
  name: string;
  /** Debian packages that files are taken from; libraries come from these and from what they depend on. */
  packages: string[];
  /** Programs and other files of the packages, by absolute path; each brings the libraries it needs. */
  take: string[];
  /** Files of ours; a leading slash of `path` means nothing. `from` `$node` is the Node that runs the build. */
  files: { path: string; from: string; executable?: boolean }[];
  /** Folders that the program writes to, owned by the user. */
  folders: string[];
  /** Whether programs open TLS connections to public servers. */
  certificates: boolean;
  entrypoint: string[];
  command: string[];
  environment: Record<string, string>;
  ports: number[];
  workingDirectory: string;
  stopSignal?: string;
  /** Folder of the specification; not in the file. */
  base: string;
};

const defaults = {
  packages: [],
  take: [],
  files: [],
  folders: [],
  certificates: false,
  command: [],
  environment: {},
  ports: [],
  workingDirectory: '/',
};

const isText = (value: unknown): value is string => typeof value === 'string';
const isList = (value: unknown, isItem: (item: unknown) => boolean = isText): boolean =>
  Array.isArray(value) && value.every(isItem);
/** Of the image, and in it. */
const isPath = (value: unknown) => isText(value) && inImage(value) !== '' && !/(^|\/)\.\.?(\/|$)/.test(value);
const isFile = (value: unknown) => isObject(value) && isPath(value['path']) && isText(value['from']);
const isName = (value: unknown) => isText(value) && /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+:[\w.-]+$/.test(value);

/** What each field must be, and how that is said. */
const fields: Record<Exclude<keyof Specification, 'base'>, [fits: (value: unknown) => boolean, is: string]> = {
  name: [isName, 'registry/repository:tag, in small letters'],
  packages: [isList, 'a list of names of Debian packages'],
  take: [isList, 'a list of paths'],
  files: [(value) => isList(value, isFile), 'a list of { "path": in the image, without .., "from": path }'],
  folders: [(value) => isList(value, isPath), 'a list of paths in the image, without ..'],
  certificates: [(value) => typeof value === 'boolean', 'true or false'],
  entrypoint: [
    (value) => isList(value) && (value as string[]).length > 0,
    'a list that begins with the program to run',
  ],
  command: [isList, 'a list of words'],
  environment: [(value) => isObject(value) && isList(Object.values(value)), 'an object of texts'],
  ports: [(value) => isList(value, Number.isInteger), 'a list of numbers'],
  workingDirectory: [isText, 'a path'],
  stopSignal: [(value) => value === undefined || isText(value), 'a name such as SIGQUIT'],
};

/** Reads and checks a specification; the error names the field. */
export function readSpecification(path: string): Specification {
  const read = JSON.parse(readFileSync(path, 'utf8'));
  if (!isObject(read)) throw new Error('it must be a JSON object');
  const unknown = Object.keys(read).filter((key) => !Object.hasOwn(fields, key));
  if (unknown.length > 0)
    throw new Error(`unknown field ${unknown.join(', ')}; there are ${Object.keys(fields).join(', ')}`);
  const given: Record<string, unknown> = { ...defaults, ...read };
  for (const [field, [fits, is]] of Object.entries(fields))
    if (!fits(given[field])) throw new Error(`${field} must be ${is}`);
  const specification = { ...given, base: dirname(resolve(path)) } as Specification;
  return {
    ...specification,
    files: specification.files.map((file) => ({ ...file, path: inImage(file.path) })),
    folders: specification.folders.map(inImage),
  };
}

const inImage = (path: string) => path.replaceAll(/^\/+|\/+$/g, '');

export const sourceOf = ({ base }: Specification, from: string) =>
  from === '$node' ? process.execPath : join(base, from);
