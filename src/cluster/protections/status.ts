import type { Protection, ProtectionStatus } from '../../api/kinds/protection.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Observations, ObservationType } from '../../api/observations/observation.ts';
import type { Cache } from '../../client/cache.ts';
import type { Client } from '../../client/client.ts';
import type { Change } from '../../defence/defence.ts';
import { type Clock, formatTime } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Lookup } from '../../server/server.ts';
import type { PreviewChanges } from '../previews/preview-changes.ts';
import { protectionsResource } from './objects.ts';
import { protections } from './protections.ts';

export type StatusOptions = {
  client: Client;
  lookup: Lookup;
  previewChanges: PreviewChanges;
  observations(): Observations;
  /** Tell of changes to modes: protections, and namespaces with their labels. */
  caches: Pick<Cache, 'subscribe'>[];
  clock: Clock;
  log: Log;
};

/** Without a change of a mode, what is seen and what lives changes still. */
const pauseMs = 60_000;
/** After one; several come together. */
export const soonMs = 500;
/** A preview of a large cluster holds the server up, so it has at most a hundredth of the time. */
const pausePerWork = 100;
const firstMax = 5;

/** The label by which a namespace says its own mode. */
const labels: Record<string, string> = {
  'pod-security': 'pod-security.kubernetes.io/enforce',
  'namespace-isolation': 'rempart.io/isolation',
};

/** What tells whether a protection would break something, where it is not the objects that live. */
const restsOn: Record<string, ObservationType> = {
  'namespace-isolation': 'flows',
  'anonymous-access': 'calls',
  'client-allow-list': 'addresses',
};

/**
 * Keeps `status` of every protection: the namespaces that differ, and what would break, were the default mode set
 * everywhere now. Returns what ends it.
 */
export function followProtections(options: StatusOptions): () => void {
  const { client, lookup, caches, clock, log } = options;
  let stopped = false;
  let cancel = () => {};
  let running = false;
  let changed = false;
  let restUntilMs = 0;
  const roundIn = (delayMs: number) => {
    cancel();
    const restMs = restUntilMs - clock.monotonicMs();
    if (!stopped) cancel = clock.after(Math.max(delayMs, restMs), () => void round());
  };
  async function round(): Promise<void> {
    const startMs = clock.monotonicMs();
    running = true;
    changed = false;
    try {
      await update();
    } catch (error) {
      if (!stopped) log.warn('the status of protections cannot be written', { error });
    }
    running = false;
    const endMs = clock.monotonicMs();
    restUntilMs = endMs + (endMs - startMs) * pausePerWork;
    roundIn(changed ? soonMs : pauseMs);
  }
  async function update(): Promise<void> {
    for (const object of lookup.list(protectionsResource) as Protection[]) {
      const status = await statusOf(object, options);
      if (stopped || JSON.stringify(status) === JSON.stringify(object.status)) continue;
      await client.update(protectionsResource, { ...object, status }, { subresource: 'status' });
    }
  }
  const unsubscribe = caches.map((cache) =>
    cache.subscribe((_, object, old) => {
      if (modeText(object) === modeText(old)) return;
      changed = true;
      if (!running) roundIn(soonMs);
    }),
  );
  void round();
  return () => {
    stopped = true;
    for (const end of unsubscribe) end();
    cancel();
  };
}

/** Statuses change without any mode being another one. */
const modeText = (object: KubernetesObject | undefined) =>
  object && JSON.stringify([object['spec']?.mode, object.metadata.labels]);

/** What is in force everywhere is not previewed: it breaks nothing. */
async function statusOf(
  object: Protection,
  { lookup, previewChanges, observations }: StatusOptions,
): Promise<ProtectionStatus | undefined> {
  const { metadata, spec } = object;
  const declared = protections.find(({ id }) => id === metadata.name);
  if (declared === undefined || object.status === undefined) return object.status;
  const { namespaces: _, wouldBreak: __, observedSince: ___, ...rest } = object.status;
  const described = { ...rest, ...observedSince(declared.id, observations) };
  const own = ownModes(declared.id, lookup.list('namespaces'), spec?.mode ?? '');
  if (spec?.mode === declared.default && own.length === 0)
    return { ...described, wouldBreak: { count: 0, unknown: 0, first: [] } };
  if (!declared.atRunTime) return described;
  const closed: Change = { put: { ...object, spec: { mode: declared.default } } };
  const { broken, unknown } = await previewChanges([closed, ...own.map(({ closed }) => ({ put: closed }))], lookup);
  return {
    ...described,
    ...(own.length === 0 ? {} : { namespaces: own.map(({ name, mode }) => ({ name, mode })) }),
    wouldBreak: { count: broken.length, unknown, first: broken.slice(0, firstMax) },
  };
}

function observedSince(id: string, observations: () => Observations): Pick<ProtectionStatus, 'observedSince'> {
  const type = restsOn[id];
  const windows = type === undefined ? [] : observations().windows[type];
  if (windows.length === 0) return {};
  return { observedSince: formatTime(Math.min(...windows.map(({ fromMs }) => fromMs))) };
}

/** Namespaces with a label of their own, and what they would be without it. kube-system is exempt by name. */
function ownModes(id: string, namespaces: KubernetesObject[], clusterMode: string) {
  const label = labels[id];
  if (label === undefined) return [];
  return namespaces.flatMap((namespace) => {
    const { name, labels: all = {} } = namespace.metadata;
    const { [label]: mode, ...rest } = all;
    if (mode === undefined || mode === clusterMode || name === 'kube-system') return [];
    return [{ name, mode, closed: { ...namespace, metadata: { ...namespace.metadata, labels: rest } } }];
  });
}
