/** Debian packages as plain folders: downloaded by apt-get (which checks the archive's signatures), never installed. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Downloaded and extracted packages, kept between runs; deleting it is harmless. */
const cacheFolder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'rempart/packages');

/** Runs a program and resolves to its standard output; rejects with the end of what it said on standard error. */
function run(command: string, words: string[], cwd = '/'): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (complaint = (complaint + chunk).slice(-2000)));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ${words.join(' ')}: ${complaint.trim()}`)),
    );
  });
}

export type Package = { name: string; version: string; folder: string };

/**
 * Downloads `name` in the version that apt would install and extracts it: `folder/root` has its files and
 * `folder/control` its description. A version is downloaded once.
 */
export async function fetchPackage(name: string): Promise<Package> {
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name)) throw new Error(`not a Debian package name: ${name}`);
  const version = await candidate(name);
  const folder = join(cacheFolder, `${name}_${version.replaceAll(':', '%3a')}`);
  if (existsSync(folder)) return { name, version, folder };
  mkdirSync(cacheFolder, { recursive: true });
  const scratch = mkdtempSync(join(cacheFolder, '.fetching-'));
  try {
    await download(`${name}=${version}`, scratch);
    const archive = readdirSync(scratch).find((file) => file.endsWith('.deb'))!;
    await run('dpkg-deb', ['--raw-extract', archive, 'package'], scratch);
    const extracted = join(scratch, 'extracted');
    mkdirSync(extracted);
    renameSync(join(scratch, 'package/DEBIAN'), join(extracted, 'control'));
    renameSync(join(scratch, 'package'), join(extracted, 'root'));
    if (!existsSync(folder)) renameSync(extracted, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return { name, version, folder };
}

async function download(what: string, folder: string): Promise<void> {
  const words = ['download', '-o', 'APT::Sandbox::User=root', what];
  await run('apt-get', words, folder).catch(async () => {
    // The archive keeps only the newest versions: lists of last month name files that are gone.
    await updateLists();
    await run('apt-get', words, folder);
  });
}

const candidates = new Map<string, string>();

/** Asks apt for many versions at once: starting it takes half a second, however many names it is given. */
export async function learnVersions(names: string[]): Promise<void> {
  const unknown = names.filter((name) => !candidates.has(name));
  if (unknown.length === 0) return;
  const policy = await run('apt-cache', ['policy', ...unknown]);
  for (const [, name, version] of policy.matchAll(/^(\S+):\n {2}Installed: .*\n {2}Candidate: (\S+)$/gm))
    if (version !== '(none)') candidates.set(name!, version!);
}

async function candidate(name: string): Promise<string> {
  await learnVersions([name]);
  if (!candidates.has(name)) {
    // A machine that never fetched its package lists knows no package at all.
    await updateLists();
    await learnVersions([name]);
  }
  const version = candidates.get(name);
  if (version === undefined) throw new Error(`apt knows no package ${name}: is this Debian?`);
  return version;
}

let updated: Promise<string> | undefined;

/** Once per run is enough, and somebody without root may still have usable lists. */
function updateLists(): Promise<unknown> {
  updated ??= run('apt-get', ['update', '-q']);
  return updated.catch(() => {});
}
