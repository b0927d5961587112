import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** An image as a JSON file describes it; paths in `from` are relative to that file. */
export type Specification = {
  /** Full reference, such as `rempart.local/shop/front:1`. */
  name: string;
  /** Debian packages that files are taken from; libraries come from these and from what they depend on. */
  packages: string[];
  /** Programs and other files of the packages, by absolute path; each brings the libraries it needs. */
  take: string[];
  /** Files of ours. `from` `$node` is the Node that runs the build. */
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
const known = [...Object.keys(defaults), 'name', 'entrypoint', 'stopSignal'];

/** Reads and checks a specification; the error names the file and the field. */
export function readSpecification(path: string): Specification {
  const read = JSON.parse(readFileSync(path, 'utf8')) as Specification;
  const unknown = Object.keys(read).filter((key) => !known.includes(key));
  if (unknown.length > 0)
    throw new Error(`${path}: unknown field ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const specification = { ...defaults, ...read, base: dirname(resolve(path)) };
  if (!/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+:[\w.-]+$/.test(specification.name ?? ''))
    throw new Error(`${path}: name must be registry/repository:tag`);
  if (!Array.isArray(specification.entrypoint) || specification.entrypoint.length === 0)
    throw new Error(`${path}: entrypoint must name the program to run`);
  return specification;
}

export const sourceOf = ({ base }: Specification, from: string) =>
  from === '$node' ? process.execPath : join(base, from);
