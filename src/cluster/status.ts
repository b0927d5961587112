import type { Protection } from '../api/kinds/protection.ts';
import type { Node } from '../api/schema/types.d.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../foundation/clock.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { openAuthority } from './certificates/authority.ts';
import { identities } from './certificates/identities.ts';
import { type Configuration, layout, readConfiguration } from './configuration.ts';
import type { ProcessName } from './places.ts';
import { runningSupervisor } from './processes/running.ts';
import { changedBy, protectionsResource } from './protections/objects.ts';
import { configuredMode, isRelaxed, protections } from './protections/protections.ts';
import { adminClient, apiUrl } from './up.ts';

export type ClusterStatus = {
  /** Of this form: fields are only ever added; it changes when one means something else. */
  version: 1;
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
  const client = adminOf(configuration);
  const nodes = await readNodes(client, configuration);
  const modes = await readModes(client);
  return {
    version: 1,
    cluster: { name: configuration.name, dataDirectory: configuration.dataDirectory, url: apiUrl(configuration) },
    processes,
    nodes,
    protections: protections.map((protection) => protectionStatus(protection, configuration, modes)),
    healthy: processes.every(({ running }) => running) && nodes.length > 0 && nodes.every(({ ready }) => ready),
  };
}

function adminOf(configuration: Configuration): Client {
  const authority = openAuthority(layout(configuration).pki, systemClock);
  return adminClient(configuration, authority.certificate, authority.issue(identities.admin()));
}

/** Modes in force, by protection; none while the API does not answer, and then what was configured is shown. */
async function readModes(client: Client): Promise<Map<string, string>> {
  const { items } = await client.list<Protection>(protectionsResource).catch(() => ({ items: [] }));
  return new Map(items.map(({ metadata, spec }) => [metadata.name, spec?.mode ?? '']));
}

async function readNodes(client: Client, configuration: Configuration): Promise<ClusterStatus['nodes']> {
  try {
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
  protection: (typeof protections)[number],
  configuration: Configuration,
  modes: Map<string, string>,
): ClusterStatus['protections'][number] {
  const { id, level, what } = protection;
  const mode = modes.get(id) ?? configuredMode(id, configuration);
  return { id, level, mode, relaxed: isRelaxed(protection, mode), what, relaxedBy: changedBy(protection) };
}
