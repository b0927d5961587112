import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const fileName = '10-rempart.conflist';

/** Makes `conflist` (JSON, from the network room) the only network of the folder; containerd notices by itself. */
export function writeCniConfig(cniConfDir: string, conflist: string): void {
  mkdirSync(cniConfDir, { recursive: true, mode: 0o700 });
  for (const other of readdirSync(cniConfDir)) if (other !== fileName) rmSync(join(cniConfDir, other));
  writeFileSync(join(cniConfDir, fileName), conflist, { mode: 0o600 });
}
