import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { needsOf } from './elf.ts';
import { fetchPackage, learnVersions, type Package } from './packages.ts';

/** A file or symbolic link of a package, by its path in the image (no leading slash). */
export type Taken = { path: string; package: Package };

const packagesMax = 200;
const triplets: Record<string, string> = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const triplet = triplets[process.arch] ?? '';
/** Where the dynamic loader looks, in its order. */
const libraryFolders = [`lib/${triplet}`, `usr/lib/${triplet}`, 'lib', 'usr/lib', 'lib64'];

/** Debian packages opened on demand: those that were asked for, then what they depend on, level by level. */
function createShelf(names: string[]) {
  const opened: Package[] = [];
  const seen = new Set<string>();
  let waiting = [...names];

  const openNext = async (): Promise<boolean> => {
    const name = waiting.shift();
    if (name === undefined) return false;
    if (seen.has(name)) return true;
    seen.add(name);
    if (seen.size > packagesMax) throw new Error(`more than ${packagesMax} packages are needed: name fewer`);
    await learnVersions([name, ...waiting]);
    const fetched = await fetchPackage(name);
    opened.push(fetched);
    waiting = [...waiting, ...librariesAmong(fetched)];
    return true;
  };
  return {
    /** The package that has one of these paths; opens further packages until it is found. */
    async find(paths: string[]): Promise<Taken | undefined> {
      for (let index = 0; ; index += 1) {
        while (index >= opened.length) if (!(await openNext())) return undefined;
        const holder = opened[index]!;
        const path = paths.find((candidate) =>
          lstatSync(join(holder.folder, 'root', candidate), { throwIfNoEntry: false }),
        );
        if (path !== undefined) return { path, package: holder };
      }
    },
  };
}

/** The library packages that a package depends on, first alternatives; programs it may start are not followed. */
function librariesAmong({ folder }: Package): string[] {
  const control = readFileSync(join(folder, 'control/control'), 'utf8');
  const depends = [...control.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)].flatMap((match) => match[1]!.split(','));
  const names = depends.map((entry) => /^\s*([a-z0-9.+-]+)/.exec(entry)?.[1] ?? '');
  return names.filter((name) => /^(lib|zlib)/.test(name));
}

/** The files with every symbolic link on their way, their interpreter and libraries, and those of the libraries. */
export async function closureOf(names: string[], paths: string[], programs: Buffer[]): Promise<Taken[]> {
  const shelf = createShelf(names);
  const taken = new Map<string, Taken>();
  const take = async (candidates: string[], wantedBy: string): Promise<void> => {
    if (candidates.some((path) => taken.has(path))) return;
    const found = await shelf.find(candidates);
    if (found === undefined) throw new Error(`${wantedBy} needs ${candidates[0]}, which no package of ${names} has`);
    taken.set(found.path, found);
    const file = join(found.package.folder, 'root', found.path);
    if (lstatSync(file).isSymbolicLink()) await take([linkTarget(found.path, readlinkSync(file))], found.path);
    else if (existsSync(file)) await takeNeeds(readFileSync(file), found.path);
  };
  const takeNeeds = async (bytes: Buffer, wantedBy: string): Promise<void> => {
    const needs = needsOf(bytes);
    if (needs?.interpreter) await take(spellings(needs.interpreter.slice(1)), wantedBy);
    for (const library of needs?.libraries ?? [])
      await take(
        libraryFolders.map((folder) => join(folder, library)),
        wantedBy,
      );
  };
  for (const path of paths) await take(spellings(path.replace(/^\//, '')), 'the specification');
  for (const program of programs) await takeNeeds(program, 'a file of the specification');
  return [...taken.values()];
}

/** Debian is on its way from /lib to /usr/lib: a package may have either. */
const spellings = (path: string) => [path, `usr/${path}`, path.replace(/^usr\//, '')];

const linkTarget = (path: string, target: string) =>
  target.startsWith('/') ? target.slice(1) : normalize(join(dirname(path), target));
