import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/** One line that says where figures come from. */
export function machineLine(): string {
  const processors = cpus();
  const distribution = /PRETTY_NAME="(.*)"/.exec(readOsRelease())?.[1] ?? process.platform;
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${processors.length} × ${processors[0]?.model.trim()}, ${memory}, ${distribution}, Linux ${release()}, Node ${process.version}`;
}

function readOsRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
