import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OciImage } from '../../src/node/oci/oci.ts';

/** A registry on loopback that serves one image to one user, as the OCI distribution specification has it. */
export type Registry = {
  /** `host:port`. */
  host: string;
  /** How often the manifest was asked for, and by how many requests without the login. */
  asked: { manifests: number; refused: number };
  close(): void;
};

const login = { username: 'puller', password: 'correct-horse' };
export const registryLogin = login;
const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;

export async function startRegistry(image: OciImage): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), 'rempart-registry-'));
  writeFileSync(join(folder, 'image.tar'), image.tar);
  execFileSync('tar', ['-xf', 'image.tar'], { cwd: folder });
  const asked = { manifests: 0, refused: 0 };
  const server = createServer((request, response) => {
    if (request.headers.authorization === authorization) serve(request, response);
    else {
      asked.refused++;
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="test"' }).end();
    }
  });
  const blobOf = (digest: string) => join(folder, 'blobs/sha256', digest.replace('sha256:', ''));
  function serve({ url = '', method }: IncomingMessage, response: ServerResponse): void {
    const [, kind, name = ''] = /^\/v2\/private\/image\/(manifests|blobs)\/([\w:.-]+)$/.exec(url) ?? [];
    const digest = name.startsWith('sha256:') ? name : image.digest;
    if (url !== '/v2/' && (kind === undefined || !existsSync(blobOf(digest)))) {
      response.writeHead(404).end();
      return;
    }
    if (kind === 'manifests') asked.manifests++;
    const headers = kind && {
      'Content-Type': kind === 'blobs' ? 'application/octet-stream' : 'application/vnd.oci.image.manifest.v1+json',
      'Content-Length': statSync(blobOf(digest)).size,
      'Docker-Content-Digest': digest,
    };
    response.writeHead(200, headers || {});
    if (kind && method === 'GET') createReadStream(blobOf(digest)).pipe(response);
    else response.end();
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
