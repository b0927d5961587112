import { noObservations } from '../../api/observations/observation.ts';
import { createCaches } from '../../client/cache.ts';
import { inProcessClient } from '../../client/in-process.ts';
import { createControllers } from '../../controllers/controllers.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import { rolesFor, usernameOf } from '../../reconcile/permissions.ts';
import { runController } from '../../reconcile/run.ts';
import { createScheduler } from '../../scheduler/scheduler.ts';
import type { Server } from '../../server/server.ts';
import type { CertificateAuthority } from '../certificates/authority.ts';
import type { Keeper } from '../observations/keeper.ts';
import type { PreviewChanges } from '../previews/preview-changes.ts';
import { type ConfiguredMode, protectionsResource, publishProtections } from '../protections/objects.ts';
import { followProtections } from '../protections/status.ts';
import { bootstrapObjects, reconcileBootstrapObjects } from './bootstrap-objects.ts';
import { publishServiceRange, publishWellKnownServices, type WellKnownAddresses } from './well-known-services.ts';

export type ReactorOptions = {
  server: Server;
  authority: CertificateAuthority;
  addresses: WellKnownAddresses;
  /** Where the provisioner puts volumes on a node. */
  volumesDirectory: string;
  podCIDR: string;
  serviceCIDR: string;
  configuredMode: ConfiguredMode;
  keeper?: Keeper;
  previewChanges: PreviewChanges;
  clock: Clock;
  log: Log;
  /** Gives up what does not succeed yet. */
  signal: AbortSignal;
};

const retryMs = 1000;

/** Watches for all controllers of the process; each of them writes as itself. */
const informer = 'system:kube-controller-manager';
/** Nobody outside of this process can be it: there is no credential for it. */
const bootstrapper = 'system:apiserver';

/**
 * What every cluster holds, then what reacts to it: controllers, each with its own identity and the rights that its
 * declaration asks for, and the scheduler. Returns what ends them.
 */
export async function startReactors(options: ReactorOptions): Promise<() => void> {
  const { server, authority, clock, log, signal } = options;
  const controllers = createControllers({
    ...{ authority: authority.certificate, volumesDirectory: options.volumesDirectory, podRange: options.podCIDR },
    sign: authority.sign,
  });
  const bootstrap = inProcessClient(server, bootstrapper, ['system:masters']);
  const derived = controllers.flatMap((controller) => Object.values(rolesFor(controller)));
  const objects = bootstrapObjects({ clientAuthority: authority.certificate, derived });
  await untilWritten(options, async () => {
    await reconcileBootstrapObjects(bootstrap, objects);
    await publishProtections(bootstrap, options.configuredMode);
    await publishServiceRange(bootstrap, options.serviceCIDR);
    await publishWellKnownServices(bootstrap, options.addresses);
  });
  if (signal.aborted) return () => {};

  const caches = createCaches(inProcessClient(server, informer), { clock, log });
  const running = controllers.map((controller) => {
    const client = inProcessClient(server, usernameOf(controller.name), ['system:serviceaccounts']);
    return runController(controller, { client, caches, clock, log });
  });
  const scheduler = createScheduler({ client: inProcessClient(server, 'system:kube-scheduler'), caches, clock, log });
  options.keeper?.followPods(caches('pods'));
  const stopProtections = followProtections({
    ...{ ...options, client: bootstrap, lookup: server.lookup },
    observations: options.keeper?.observations ?? noObservations,
    caches: [caches(protectionsResource), caches('namespaces')],
  });
  return () => {
    stopProtections();
    scheduler.stop();
    for (const controller of running) controller.stop();
    caches.stop();
  };
}

/** A server that starts on a full disk reads but does not write: what reacts starts once there is room. */
async function untilWritten({ clock, log, signal }: ReactorOptions, write: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      return await write();
    } catch (error) {
      if ((error as { reason?: string }).reason !== 'ServiceUnavailable') throw error;
      log.warn('default objects cannot be written yet', { error, retryInMs: retryMs });
    }
    await new Promise<void>((resolve) => {
      const cancel = clock.after(retryMs, resolve);
      signal.addEventListener('abort', () => resolve(cancel()), { once: true });
    });
  }
}
