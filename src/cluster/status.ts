import type { Node } from '../api/schema/types.d.ts';
import { systemClock } from '../foundation/clock.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { openAuthority } from './certificates/authority.ts';
import { identities } from './certificates/identities.ts';
import { type Configuration, layout, readConfiguration } from './configuration.ts';
import type { ProcessName } from './places.ts';
import { runningSupervisor } from './processes.ts';
import { modeOf, protections } from './protections.ts';
import { adminClient, apiUrl } from './up.ts';

export type ClusterStatus = {
  cluster: { name: string; dataDirectory: string; url: string };
  processes: { name: string; running: boolean; detail: string }[];
  nodes: { name: string; ready: boolean; detail: string }[];
  protections: { id: string; level: string; mode: string; relaxed: boolean; what: string; relaxedBy: string }[];
  healthy: boolean;
};

/** Asks the processes and the API; what does not answer is said, not thrown. */
export async function status(dataDirectory: string): Promise<ClusterStatus> {
  const configuration = readConfiguration(dataDirectory);
  if (!configuration) throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  const processes = (['server', 'agent'] as ProcessName[]).map((name) => {
    const pid = runningSupervisor(name, configuration);
    return {
      name,
      running: pid !== undefined,
      detail: pid === undefined ? 'does not run' : `runs, supervised by ${pid}`,
    };
  });
  const nodes = await readNodes(configuration);
  return {
    cluster: { name: configuration.name, dataDirectory: configuration.dataDirectory, url: apiUrl(configuration) },
    processes,
    nodes,
    protections: protections.map((protection) => protectionStatus(protection, configuration)),
    healthy: processes.every(({ running }) => running) && nodes.length > 0 && nodes.every(({ ready }) => ready),
  };
}

async function readNodes(configuration: Configuration): Promise<ClusterStatus['nodes']> {
  try {
    const authority = openAuthority(layout(configuration).pki, systemClock);
    const client = adminClient(configuration, authority.certificate, authority.issue(identities.admin()));
    const { items } = await client.list<Node>('nodes');
    return items.map((node) => {
      const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
      const detail =
        ready?.status === 'True' ? 'is ready' : `is not ready: ${ready?.message ?? 'has not reported yet'}`;
      return { name: node.metadata.name ?? '', ready: ready?.status === 'True', detail };
    });
  } catch (error) {
    return [{ name: configuration.nodeName, ready: false, detail: `cannot be asked for: ${(error as Error).message}` }];
  }
}

function protectionStatus(
  { id, level, what, default: standard, relaxedModes, relaxedBy }: (typeof protections)[number],
  { relaxed, listen, allowFrom }: Configuration,
): ClusterStatus['protections'][number] {
  const opened =
    (id === 'api-on-loopback' && listen.length > 0) || (id === 'client-allow-list' && allowFrom.includes('0.0.0.0/0'));
  const mode = opened ? 'off' : modeOf(id, relaxed);
  const how = relaxedBy ?? `rempart up --relax ${id}=${relaxedModes.join('|')}`;
  return { id, level, mode, relaxed: mode !== standard, what, relaxedBy: how };
}
