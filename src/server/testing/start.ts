import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { kinds as builtIn } from '../../api/api.ts';
import type { Kind } from '../../api/kind.ts';
import type { UserInfo } from '../../api/user.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { createLog, type Log } from '../../foundation/log.ts';
import { type Engine, openEngine } from '../../store/store.ts';
import type { AdmissionPlugin, AuditEvent, Credentials, Defences } from '../contracts.ts';
import type { Bounds } from '../limits.ts';
import { createServer, type Extensions, type Server, stamp } from '../server.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';

export type TestServer = Server & {
  /** `https://127.0.0.1:PORT`. */
  url: string;
  authority: TestAuthority;
  engine: Engine;
  /** Everything the audit was told. */
  audited: AuditEvent[];
  /** A client certificate and what else a kubeconfig holds for this user, written to `file` with mode 0600. */
  writeKubeconfig(file: string, username?: string, groups?: string[]): Promise<void>;
  stop(): Promise<void>;
};

export type TestOptions = {
  kinds?: Kind[];
  clock?: Clock;
  log?: Log;
  extensions?: Extensions;
  admission?: AdmissionPlugin[];
  bounds?: Bounds;
  /** Instead of letting everybody who has a name do everything. */
  defences?: Partial<Defences>;
  /** Namespaces to create first; `default` and `kube-system` when nothing is said. */
  namespaces?: string[];
};

export const testAdmin: UserInfo = { username: 'test-admin', groups: ['system:masters', 'system:authenticated'] };

/**
 * The real server on the memory engine, over TLS on a free port of 127.0.0.1. Whoever has a certificate of its
 * authority is let in by name, and may do everything: permissive, and said so.
 */
export async function startServer(options: TestOptions = {}): Promise<TestServer> {
  const { clock = systemClock, kinds = builtIn, extensions = {}, log = createLog('server', 'error') } = options;
  const engine = await openEngine({ engine: 'memory', stamp, clock });
  const audited: AuditEvent[] = [];
  const defences: Defences = {
    allowConnection: () => true,
    authenticate: async (credentials) => nameOf(credentials),
    authorize: ({ user }) => ({ allowed: user.username !== 'system:anonymous', reason: 'tests allow who has a name' }),
    admission: options.admission ?? [],
    audit: { ready: () => undefined, record: (event) => remember(audited, event) },
    rulesFor: () => [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    reviewToken: async (token) => ({ authenticated: true, user: { username: token } }),
    ...options.defences,
  };
  const { bounds } = options;
  const version = 'v1.36.0+rempart';
  const server = createServer({
    engine,
    kinds,
    defences,
    version,
    clock,
    log,
    extensions,
    ...(bounds ? { bounds } : {}),
  });
  const authority = createTestAuthority();
  const tls = { ...authority.server(), clientCa: authority.certificate };
  const [address] = await server.listen([{ host: '127.0.0.1', port: 0 }], tls);
  const url = `https://127.0.0.1:${address!.port}`;
  for (const name of options.namespaces ?? ['default', 'kube-system'])
    await server.call(testAdmin, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { kind: 'Namespace', apiVersion: 'v1', metadata: { name } },
    });
  return {
    ...{ ...server, url, authority, engine, audited },
    async writeKubeconfig(file, username = 'test-admin', groups = ['system:masters']) {
      const { key, cert } = authority.client(username, groups);
      writeFileSync(file, kubeconfig(url, authority.certificate, key, cert), { mode: 0o600 });
    },
    async stop() {
      await server.close(0);
      await engine.close();
    },
  };
}

const eventsMax = 10_000;
function remember(audited: AuditEvent[], event: AuditEvent): void {
  if (audited.push(event) > eventsMax) audited.splice(0, eventsMax / 2);
}

const users = new WeakMap<Uint8Array, UserInfo>();

/** The name and groups in a certificate, or `Bearer NAME` for tests that need no certificate. */
function nameOf({ certificate, bearerToken }: Credentials): UserInfo | undefined {
  if (bearerToken !== undefined) return { username: bearerToken, groups: ['system:authenticated'] };
  if (certificate === undefined) return undefined;
  const known = users.get(certificate);
  if (known !== undefined) return known;
  const lines = new X509Certificate(certificate).subject.split('\n');
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
  const user = { username: values('CN')[0] ?? '', groups: [...values('O'), 'system:authenticated'] };
  users.set(certificate, user);
  return user;
}

function kubeconfig(server: string, ca: string, key: string, cert: string): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'rempart',
    clusters: [{ name: 'rempart', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: 'test', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'rempart', context: { cluster: 'rempart', user: 'test', namespace: 'default' } }],
  });
}
