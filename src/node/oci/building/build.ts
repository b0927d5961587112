import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ImageConfig, type OciImage, ociImage } from '../oci.ts';
import type { TarEntry } from '../tar.ts';
import { closureOf, type Taken } from './closure.ts';
import { fetchPackage, type Package } from './packages.ts';
import { type Specification, sourceOf } from './specification.ts';

/** Nobody on the host has this number: https://github.com/GoogleContainerTools/distroless uses it too. */
const user = 65532;

/**
 * Builds a minimal OCI image from Debian packages and files of ours. No shell, no package manager, no layer of a
 * stranger: only what the named programs load, with Debian's description of each package, so that scanners know what is
 * inside. The same inputs give the same digest. Throws with the file or package that is missing.
 */
export async function buildImage(specification: Specification): Promise<OciImage> {
  const own = specification.files.map((file): TarEntry => {
    const data = readFileSync(sourceOf(specification, file.from));
    return { path: file.path, mode: file.executable ? 0o755 : 0o644, kind: 'file', data };
  });
  const programs = own.flatMap((entry) => (entry.kind === 'file' ? [entry.data] : []));
  const taken = await closureOf(specification.packages, specification.take, programs);
  const base = await fetchPackage('base-files');
  const certificates = specification.certificates ? [await fetchPackage('ca-certificates')] : [];
  const packages = [...taken.map((file) => file.package), base, ...certificates];
  const system = [
    ...taken.map(entryOf),
    ...identity(base),
    ...certificates.map(certificateBundle),
    ...descriptions(packages),
    folder('tmp', 0o1777),
  ];
  const application = [...own, ...specification.folders.map((path) => ({ ...folder(path, 0o750), owner: user }))];
  return ociImage(specification.name, [layer(system), layer(application)], configOf(specification));
}

function configOf(specification: Specification): ImageConfig {
  const { entrypoint, command, environment, ports, workingDirectory, stopSignal } = specification;
  const path = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };
  return {
    Entrypoint: entrypoint,
    ...(command.length > 0 ? { Cmd: command } : {}),
    Env: Object.entries({ ...path, ...environment }).map(([name, value]) => `${name}=${value}`),
    User: `${user}:${user}`,
    WorkingDir: workingDirectory,
    ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
  };
}

const folder = (path: string, mode = 0o755): TarEntry => ({ path, mode, kind: 'folder' });
const textFile = (path: string, text: string | Buffer): TarEntry => ({
  path,
  mode: 0o644,
  kind: 'file',
  data: Buffer.from(text),
});

function entryOf({ path, package: { folder: home } }: Taken): TarEntry {
  const file = join(home, 'root', path);
  const status = lstatSync(file);
  if (status.isSymbolicLink()) return { path, mode: 0o777, kind: 'link', target: readlinkSync(file) };
  // No set-user-id bits: nothing in these images may become root.
  return { path, mode: status.mode & 0o755, kind: 'file', data: readFileSync(file) };
}

/** Who and what this is: users, and the release that scanners match advisories against. */
function identity(base: Package): TarEntry[] {
  const read = (path: string) => readFileSync(join(base.folder, 'root', path));
  const people = [
    ['root', 0],
    ['nobody', 65534],
    ['nonroot', user],
  ] as const;
  const accounts = people.map(([name, id]) => `${name}:x:${id}:${id}:${name}:/:/sbin/nologin\n`);
  const groups = people.map(([name, id]) => `${name}:x:${id}:\n`);
  return [
    textFile('etc/passwd', accounts.join('')),
    textFile('etc/group', groups.join('')),
    textFile('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
    textFile('etc/os-release', read('usr/lib/os-release')),
    textFile('etc/debian_version', read('etc/debian_version')),
  ];
}

/** The layout that distroless images have and that vulnerability scanners read. */
function descriptions(packages: Package[]): TarEntry[] {
  const unique = new Map(packages.map((one) => [one.name, one]));
  return [...unique.values()].map(({ name, folder: home }) =>
    textFile(`var/lib/dpkg/status.d/${name}`, readFileSync(join(home, 'control/control'))),
  );
}

function certificateBundle({ folder: home }: Package): TarEntry {
  const authorities = join(home, 'root/usr/share/ca-certificates/mozilla');
  const files = readdirSync(authorities).sort();
  return textFile(
    'etc/ssl/certs/ca-certificates.crt',
    files.map((name) => readFileSync(join(authorities, name), 'utf8')).join(''),
  );
}

/** Sorted by path, each once, with the folders on the way. */
function layer(entries: TarEntry[]): TarEntry[] {
  const all = new Map<string, TarEntry>();
  for (const entry of entries) {
    for (let path = dirname(entry.path); path !== '.'; path = dirname(path))
      if (!all.has(path)) all.set(path, folder(path));
    all.set(entry.path, entry);
  }
  return [...all.keys()].sort().map((path) => all.get(path)!);
}
