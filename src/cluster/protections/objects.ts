import type { Protection, ProtectionStatus } from '../../api/kinds/protection.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import type { Lookup } from '../../server/server.ts';
import { type Protection as Declared, protections } from './protections.ts';

export const protectionsResource = 'protections.defence.rempart.io';

/** What the cluster was started with, when the object was last brought in line with that. */
const configuredKey = 'defence.rempart.io/configured-mode';

/** The mode of a protection as the cluster was started: `rempart up --relax`, `--listen`, `--allow-from`. */
export type ConfiguredMode = (id: string) => string;

/** The mode that is in force now: what the object says, and until there is one what the cluster was started with. */
export const modeInForce = (id: string, configured: ConfiguredMode, lookup: Pick<Lookup, 'get'>): string =>
  lookup.get(protectionsResource, '', id)?.['spec']?.mode ?? configured(id);

/**
 * Makes one object per protection. A mode that was set through the API stays over restarts, until `rempart up` is given
 * another one; what only the start decides always says what the start decided.
 */
export async function publishProtections(client: Client, configured: ConfiguredMode): Promise<void> {
  for (const declared of protections) {
    const mode = configured(declared.id);
    const present = await client.get<Protection>(protectionsResource, { name: declared.id }).catch(undefinedIfNotFound);
    const written = await publish(client, declared, mode, present);
    const status: ProtectionStatus = { ...written.status, ...describe(declared) };
    if (JSON.stringify(status) !== JSON.stringify(written.status))
      await client.update(protectionsResource, { ...written, status }, { subresource: 'status' });
  }
}

/** Whether a server that was started with these modes has told them, as it does before anything reacts. */
export async function tellsModes(client: Client, configured: ConfiguredMode): Promise<boolean> {
  const { items } = await client.list<Protection>(protectionsResource);
  const told = new Map(items.map(({ metadata }) => [metadata.name, metadata.annotations?.[configuredKey]]));
  return protections.every(({ id }) => told.get(id) === configured(id));
}

async function publish(client: Client, { id, atRunTime }: Declared, mode: string, present: Protection | undefined) {
  const annotations = { [configuredKey]: mode };
  if (present === undefined)
    return client.create<Protection>(protectionsResource, {
      ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Protection' },
      ...{ metadata: { name: id, annotations }, spec: { mode } },
    });
  const asConfigured = present.metadata.annotations?.[configuredKey] === mode;
  if (asConfigured && (atRunTime || present.spec?.mode === mode)) return present;
  const metadata = { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotations } };
  return client.update<Protection>(protectionsResource, { ...present, metadata, spec: { mode } });
}

const describe = ({ level, what, default: defaultMode, relaxedModes, atRunTime, ...rest }: Declared) => ({
  ...{ level, what, defaultMode, modes: [defaultMode, ...relaxedModes] },
  ...(atRunTime ? {} : { changedBy: changedBy({ relaxedModes, ...rest }) }),
});

/** How a mode that is decided at the start is changed. */
export const changedBy = ({ id, relaxedModes, relaxedBy }: Pick<Declared, 'id' | 'relaxedModes' | 'relaxedBy'>) =>
  relaxedBy ?? `rempart up --relax ${id}=${relaxedModes.join('|')}`;

function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
  throw error;
}
