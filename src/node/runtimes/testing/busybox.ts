import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPackage } from '../../oci/building/packages.ts';
import { type OciImage, ociImage } from '../../oci/oci.ts';
import type { TarEntry } from '../../oci/tar.ts';

/** For tests only: has a shell and every applet of busybox, which no image of ours for users has. */
export const testImageReference = 'rempart.local/test-only/busybox:1';

const applets = `
  sh cat echo sleep id ls wget httpd nc head tail wc env stat touch rm mkdir kill
  true false ps dd nslookup ping ip test mount grep sed cut tr vi stty tty tar seq
  date hostname trap chmod yes printf sync rmdir
`;

/** A static busybox, from Debian's busybox-static: rejects where apt cannot download it. */
export async function testImage(): Promise<OciImage> {
  const { folder } = await fetchPackage('busybox-static');
  const data = readFileSync(join(folder, 'root/bin/busybox'));
  const names = [...new Set(applets.trim().split(/\s+/))].sort();
  const file = (path: string, text: string): TarEntry => ({ path, mode: 0o644, kind: 'file', data: Buffer.from(text) });
  const files: TarEntry[] = [
    { path: 'bin', mode: 0o755, kind: 'folder' },
    { path: 'bin/busybox', mode: 0o755, kind: 'file', data },
    ...names.map((name): TarEntry => ({ path: `bin/${name}`, mode: 0o777, kind: 'link', target: 'busybox' })),
    { path: 'etc', mode: 0o755, kind: 'folder' },
    file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n'),
    file('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    { path: 'tmp', mode: 0o1777, kind: 'folder' },
  ];
  const config = { Cmd: ['sh'], Env: ['PATH=/bin'], Labels: { 'rempart.io/purpose': 'test-only' } };
  return ociImage(testImageReference, [files], config);
}
