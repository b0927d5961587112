import type { Protocol } from '../../policy/policy.ts';

/** When something was seen. Milliseconds since the epoch. */
export type Seen = { firstMs: number; lastMs: number; count: number };

/** One end of a flow as it was known when it was seen: pods come and go, so the workload that made one is kept, too. */
export type FlowEnd =
  | { type: 'pod'; namespace: string; name: string; workload?: string; labels: Record<string, string> }
  | { type: 'node'; name: string; address: string }
  | { type: 'address'; address: string };

/** Connections of one client to one port of a server; `allowed` false: dropped, and by what when that is known. */
export type Flow = Seen & {
  from: FlowEnd;
  to: FlowEnd;
  protocol: Protocol;
  port: number;
  allowed: boolean;
  droppedBy?: string[];
};

/** Requests to the API that differ in nothing but their time. Names of objects are not kept: `named` says if there was one. */
export type Call = Seen & {
  user: string;
  groups: string[];
  verb: string;
  /** Empty for paths such as /version, which stand in `path`. */
  resource: string;
  group: string;
  subresource: string;
  namespace: string;
  /** Kept for verbs on one object up to a bound per resource; beyond it empty. */
  name: string;
  path: string;
  allowed: boolean;
};

/** Who reached the API from where. */
export type ClientAddress = Seen & { address: string; user: string };

/** An image that ran; `digest` empty where the runtime does not tell. */
export type ImageRun = Seen & { image: string; digest: string; namespace: string; workload: string };

export const observationTypes = ['flows', 'calls', 'addresses', 'images'] as const;
export type ObservationType = (typeof observationTypes)[number];

/** What was watched: only within it does "not seen" mean anything. `lost`: entries that a bound pushed out. */
export type Window = { source: string; fromMs: number; toMs: number; lost: number };

/** All that was seen. A type without windows was not watched at all: what depends on it is unknown, not safe. */
export type Observations = {
  flows: Flow[];
  calls: Call[];
  addresses: ClientAddress[];
  images: ImageRun[];
  windows: Record<ObservationType, Window[]>;
};

export const noObservations = (): Observations => ({
  ...{ flows: [], calls: [], addresses: [], images: [] },
  windows: { flows: [], calls: [], addresses: [], images: [] },
});
