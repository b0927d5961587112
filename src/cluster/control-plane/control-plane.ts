import { kinds } from '../../api/api.ts';
import { noObservations } from '../../api/observations/observation.ts';
import type { Node } from '../../api/schema/types.d.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import {
  type Audit,
  createDefences,
  createServer,
  type DefenceSettings,
  type Extensions,
  type Listen,
  type Server,
  usageKinds,
} from '../../server/server.ts';
import type { Engine } from '../../store/store.ts';
import type { CertificateAuthority, Credential } from '../certificates/authority.ts';
import { nodePorts } from '../configuration.ts';
import type { Keeper } from '../observations/keeper.ts';
import { observationKinds } from '../observations/kinds.ts';
import { previewWarnings } from '../previews/admission.ts';
import { createPreviewChanges } from '../previews/preview-changes.ts';
import { protectionMode } from '../protections/admission.ts';
import { type ConfiguredMode, modeInForce } from '../protections/objects.ts';
import { usageOfNodes } from './usage.ts';
import type { WellKnownAddresses } from './well-known-services.ts';

export type ControlPlaneOptions = {
  engine: Engine;
  authority: CertificateAuthority;
  /** What the server shows to its clients; `setServing` replaces it later. */
  serving: Credential;
  listeners: Listen[];
  defences: Omit<DefenceSettings, 'clientAuthorities' | 'tokenIssuer' | 'clock' | 'modeOf' | 'plugins'>;
  configuredMode: ConfiguredMode;
  /** How the server shows itself to node agents; without it nothing is asked of nodes. */
  nodeClient?: Extensions['nodeClient'];
  addresses: Omit<WellKnownAddresses, 'apiPort'>;
  /** Keeps what is observed; without it nothing is. */
  keeper?: Keeper;
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
  /**
   * Resolves when default objects exist and controllers and scheduler run. Rejects when they cannot: a control plane that
   * answers and does nothing looks well to everybody, so whoever started it must end it.
   */
  started: Promise<void>;
  close(): Promise<void>;
};

const version = 'v1.36.0+rempart';
const tokenIssuer = 'https://kubernetes.default.svc.cluster.local';

/** The API server first, so that it answers; then, behind it, what reacts: controllers and the scheduler. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { engine, authority, clock, log } = options;
  const previewChanges = createPreviewChanges(options.keeper?.observations ?? noObservations, clock);
  const assembled = createDefences({
    ...options.defences,
    ...(options.keeper ? { audit: observedAudit(options.defences.audit, options.keeper) } : {}),
    clientAuthorities: [authority.certificate],
    tokenIssuer,
    clock,
    modeOf: (id, lookup) => modeInForce(id, options.configuredMode, lookup),
    plugins: (authorize) => [
      protectionMode(previewChanges),
      previewWarnings(authorize, options.keeper?.observations, clock),
    ],
  });
  const { nodeClient } = options;
  const nodes = () => server.lookup.list('nodes') as unknown as Node[];
  const nodeOfPod = (namespace: string, name: string): string | undefined =>
    server.lookup.get('pods', namespace, name)?.['spec'].nodeName;
  const server: Server = createServer({
    ...{ engine, kinds, version, clock, log },
    defences: assembled.defences,
    extensions: {
      ...assembled.extensions,
      nodeClient,
      virtualKinds: [
        ...(nodeClient ? usageKinds(usageOfNodes(nodes, nodeOfPod, nodeClient)) : []),
        ...(options.keeper ? observationKinds(options.keeper, () => clock.now()) : []),
      ],
    },
    serviceRanges: { cidr: options.serviceCIDR, nodePorts },
  });
  const tls = ({ certificate, key }: Credential) => ({ cert: certificate, key, clientCa: authority.certificate });
  const addresses = await server.listen(options.listeners, tls(options.serving));
  // Loaded once the API answers: its first second is not theirs.
  const closing = new AbortController();
  const wellKnown = { ...options.addresses, apiPort: addresses[0]!.port };
  const reactors = import('./reactors.ts').then(({ startReactors }) =>
    startReactors({ ...options, server, previewChanges, addresses: wellKnown, signal: closing.signal }),
  );
  const started = reactors.then(nothing, (cause) => {
    const remedy = 'the server starts anew; when that goes on, mend or delete what is named here, or go back a version';
    throw new Error(`Controllers and scheduler cannot start: ${cause.message} (${remedy})`, { cause });
  });
  return {
    ...{ server, addresses, started },
    setServing: (serving) => server.setTls(tls(serving)),
    async close() {
      closing.abort();
      const stop = await reactors.catch(() => () => {});
      stop();
      await server.close();
    },
  };
}

const nothing = () => {};

/** Every request is told to the keeper, whatever of it the audit log keeps. */
const observedAudit = (audit: Audit, keeper: Keeper): Audit => ({
  ready: (reading) => audit.ready(reading),
  record(event) {
    keeper.record(event);
    audit.record(event);
  },
});
