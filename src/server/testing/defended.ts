import { generateKeyPairSync } from 'node:crypto';
import { kinds } from '../../api/api.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { UserInfo } from '../../api/user.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { createLog } from '../../foundation/log.ts';
import { openEngine } from '../../store/store.ts';
import { createDefences, createServer, type DefenceSettings, type Server, stamp, type VirtualKind } from '../server.ts';
import { createTestAuthority, type TestAuthority } from './certificates.ts';

export const master: UserInfo = { username: 'master', groups: ['system:masters'] };

export type Answer = { code: number; body: any; warnings: string[] };

export type DefendedServer = Server & {
  authority: TestAuthority;
  /** Asks as this user, in process; `path` without `/api/v1` in front means the core group. */
  ask(user: UserInfo, method: string, path: string, body?: object, contentType?: string): Promise<Answer>;
  /** Creates the objects as the master of the cluster and throws when one is refused. */
  make(...objects: (KubernetesObject | Record<string, any>)[]): Promise<void>;
  stop(): Promise<void>;
};

/** The real server on the memory engine with every real defence, and a namespace `a` with its service account. */
export async function startDefended(
  settings: Partial<DefenceSettings> = {},
  clock: Clock = systemClock,
  virtualKinds: VirtualKind[] = [],
): Promise<DefendedServer> {
  const engine = await openEngine({ engine: 'memory', stamp, clock });
  const authority = createTestAuthority();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { defences, extensions } = createDefences({
    ...{ clock, audit: { ready: () => undefined, record: () => undefined }, allowConnection: () => true },
    ...{ clientAuthorities: [authority.certificate], tokenIssuer: 'https://test', tokenKeys: () => [key] },
    ...{ modeOf: () => undefined, plugins: () => [] },
    ...settings,
  });
  const log = createLog('server', 'error');
  const server = createServer({
    engine,
    kinds,
    defences,
    version: 'v1.36.0+test',
    clock,
    log,
    extensions: { ...extensions, virtualKinds },
  });
  const ask: DefendedServer['ask'] = (user, method, path, body, contentType) => {
    const full = path.startsWith('/api') ? path : `/api/v1${path}`;
    return server.call(user, { method, path: full, body, contentType });
  };
  const make: DefendedServer['make'] = async (...objects) => {
    for (const object of objects) {
      const { code, body } = await ask(master, 'POST', pathOf(object as KubernetesObject), object);
      if (code !== 201) throw new Error(`${object['kind']} was refused: ${body.message}`);
    }
  };
  await make(namespace('kube-system'), namespace('a'), serviceAccount('a', 'default'));
  return {
    ...{ ...server, authority, ask, make },
    async stop() {
      await server.close(0);
      await engine.close();
    },
  };
}

function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const { resource } = kinds.find((known) => known.kind === kind && apiVersion.endsWith(known.version))!;
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}${metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`}/${resource}`;
}

export const namespace = (name: string, labels: Record<string, string> = {}): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
});

export const serviceAccount = (where: string, name: string, more: object = {}): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: where }, ...more },
});

/** A pod that meets the restricted standard, with changes to its spec. */
export const pod = (name: string, spec: object = {}, container: object = {}, where = 'a'): KubernetesObject => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: where } },
  spec: {
    securityContext: { runAsNonRoot: true },
    containers: [
      {
        ...{ name: 'main', image: 'web:1' },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        ...container,
      },
    ],
    ...spec,
  },
});

/** A role and its binding to a user, both named like the user: everywhere, or in one namespace. */
export function grant(username: string, rules: object[], where?: string): KubernetesObject[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const apiGroup = 'rbac.authorization.k8s.io';
  const prefix = where === undefined ? 'Cluster' : '';
  const metadata = { name: username, ...(where === undefined ? {} : { namespace: where }) };
  const roleRef = { apiGroup, kind: `${prefix}Role`, name: username };
  const subjects = [{ apiGroup, kind: 'User', name: username }];
  return [
    { apiVersion, kind: `${prefix}Role`, metadata, rules },
    { apiVersion, kind: `${prefix}RoleBinding`, metadata, roleRef, subjects },
  ];
}
