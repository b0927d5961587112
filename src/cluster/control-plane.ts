import { kinds } from '../api/api.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { Node } from '../api/schema/types.d.ts';
import { type Caches, createCaches } from '../client/cache.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Controller } from '../reconcile/controller.ts';
import { rolesFor, usernameOf } from '../reconcile/permissions.ts';
import { type Running, runController } from '../reconcile/run.ts';
import {
  createDefences,
  createServer,
  type DefenceSettings,
  type Extensions,
  type Listen,
  type Server,
} from '../server/server.ts';
import type { Engine } from '../store/store.ts';
import { bootstrapObjects, reconcileBootstrapObjects } from './bootstrap-objects.ts';
import type { CertificateAuthority, Credential } from './certificates/authority.ts';
import { inProcessClient } from './in-process.ts';
import { usageOfNodes } from './usage.ts';
import { publishWellKnownServices, type WellKnownAddresses } from './well-known-services.ts';

export type ControlPlaneOptions = {
  engine: Engine;
  authority: CertificateAuthority;
  /** What the server shows to its clients; `setServing` replaces it later. */
  serving: Credential;
  listeners: Listen[];
  defences: Omit<DefenceSettings, 'clientAuthorities' | 'tokenIssuer' | 'clock'>;
  /** How the server shows itself to node agents; without it nothing is asked of nodes. */
  nodeClient?: Extensions['nodeClient'];
  addresses: WellKnownAddresses;
  /** Where the provisioner puts volumes on a node. */
  volumesDirectory: string;
  podCIDR: string;
  serviceCIDR: string;
  clock: Clock;
  log: Log;
};

export type ControlPlane = {
  server: Server;
  /** The addresses that are listened on. */
  addresses: { host: string; port: number }[];
  setServing(serving: Credential): void;
  /** Resolves when default objects exist and controllers and scheduler run. */
  started: Promise<void>;
  close(): Promise<void>;
};

export const version = 'v1.36.0+rempart';
const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';
/** Watches for all controllers of the process; each of them writes as itself. */
const informer = 'system:kube-controller-manager';
const nodePorts = { from: 30_000, to: 32_767 };
/** Nobody outside of this process can be it: there is no credential for it. */
const bootstrapper = 'system:apiserver';

/** The API server first, so that it answers; then, behind it, what reacts: controllers and the scheduler. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { engine, authority, clock, log } = options;
  const assembled = createDefences({
    ...options.defences,
    clientAuthorities: [authority.certificate],
    tokenIssuer,
    clock,
  });
  const { nodeClient } = options;
  const nodes = () => server.lookup.list('nodes') as unknown as Node[];
  const server: Server = createServer({
    ...{ engine, kinds, version, clock, log },
    defences: assembled.defences,
    extensions: {
      ...assembled.extensions,
      nodeClient,
      ...(nodeClient ? { usage: usageOfNodes(nodes, nodeClient) } : {}),
    },
    serviceRanges: { cidr: options.serviceCIDR, nodePorts },
  });
  const tls = ({ certificate, key }: Credential) => ({ cert: certificate, key, clientCa: authority.certificate });
  const addresses = await server.listen(options.listeners, tls(options.serving));
  const ends: (() => void | Promise<void>)[] = [];
  const started = startReactors(options, server, ends);
  started.catch((error) => log.error('the control plane did not start completely', { error }));
  return {
    ...{ server, addresses, started },
    setServing: (serving) => server.setTls(tls(serving)),
    async close() {
      await started.catch(() => undefined);
      for (const end of ends.reverse()) await end();
      await server.close();
    },
  };
}

async function startReactors(options: ControlPlaneOptions, server: Server, ends: (() => void | Promise<void>)[]) {
  const { authority, clock, log } = options;
  // Loaded once the API answers: its first second is not theirs.
  const [{ createControllers }, { createScheduler }] = await Promise.all([
    import('../controllers/controllers.ts'),
    import('../scheduler/scheduler.ts'),
  ]);
  const controllers = createControllers({
    ...{ authority: authority.certificate, volumesDirectory: options.volumesDirectory, podRange: options.podCIDR },
    sign: authority.sign,
  });
  const bootstrap = inProcessClient(server, bootstrapper, ['system:masters']);
  const derived = controllers.flatMap((controller) => Object.values(rolesFor(controller))) as KubernetesObject[];
  await reconcileBootstrapObjects(bootstrap, bootstrapObjects({ clientAuthority: authority.certificate, derived }));
  await publishWellKnownServices(bootstrap, options.addresses);

  const caches = createCaches(inProcessClient(server, informer), { clock, log });
  ends.push(() => caches.stop());
  for (const running of controllers.map((controller) => runAsItself(controller, server, caches, clock, log)))
    ends.push(() => running.stop());
  const scheduler = createScheduler({ client: inProcessClient(server, 'system:kube-scheduler'), caches, clock, log });
  ends.push(() => scheduler.stop());
}

function runAsItself(controller: Controller, server: Server, caches: Caches, clock: Clock, log: Log): Running {
  const client = inProcessClient(server, usernameOf(controller.name), ['system:serviceaccounts']);
  return runController(controller, { client, caches, clock, log });
}
