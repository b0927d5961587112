/** When something was seen. Milliseconds since the epoch; `count` is how often at least. */
export type Seen = { firstMs: number; lastMs: number; count: number };

/**
 * One end of a flow as it was known when it was seen. Pods come and go: flows of the pods of one workload are one, and
 * `name` and `labels` are of the pod that was seen last. `workload` is `Deployment/web`, absent for pods of their own.
 */
export type FlowEnd =
  | { type: 'pod'; namespace: string; name: string; workload?: string; labels: Record<string, string> }
  | { type: 'node'; name: string; address: string }
  | { type: 'address'; address: string };

/** What dropped a flow, as the node knew it when it happened. */
export type Drop = {
  /** Whose rules: those of the source (egress), of the destination (ingress), or those of the node for every pod. */
  side: 'egress' | 'ingress' | 'node';
  why: 'policy' | 'island' | 'deny' | 'node guard' | 'spoofing' | 'not programmed';
  /** The policies that isolate the pod on that side: `shop/database`. Empty when it is not policies. */
  by: string[];
  /** The rule that came nearest, in words: `shop/database ingress[0] allows this port, but not from this source`. */
  nearest?: string;
  /** The smallest change that would let it pass, in words. */
  allowance?: string;
};

export const protocols = ['TCP', 'UDP', 'SCTP'] as const;

/** Connections of one client to one port of a server, after the services in between. `drop` when not `allowed`. */
export type Flow = Seen & {
  from: FlowEnd;
  to: FlowEnd;
  protocol: (typeof protocols)[number];
  port: number;
  allowed: boolean;
  drop?: Drop;
};

/** Requests to the API that differ in nothing but their time. */
export type Call = Seen & {
  user: string;
  groups: string[];
  verb: string;
  /** Empty for paths such as /version, which stand in `path`. */
  resource: string;
  group: string;
  subresource: string;
  namespace: string;
  /** Kept for verbs on one object up to a bound per resource; beyond it `*`. Empty when the request names none. */
  name: string;
  path: string;
  allowed: boolean;
};

/** Who reached the API from where. */
export type ClientAddress = Seen & { address: string; user: string };

/** An image that ran; `digest` empty where the runtime does not tell. `workload` as in FlowEnd, else `Pod/NAME`. */
export type ImageRun = Seen & { image: string; digest: string; namespace: string; workload: string };

export const observationTypes = ['flows', 'calls', 'addresses', 'images'] as const;
export type ObservationType = (typeof observationTypes)[number];
/** The form of one observation of each type. */
export type Observed = { flows: Flow; calls: Call; addresses: ClientAddress; images: ImageRun };

/**
 * What was watched: only within it does "not seen" mean anything. `source` is who watched: `node/n1`, `apiserver`, the
 * name of an imported file. `lost`: entries that a bound pushed out, at least.
 */
export type Window = { source: string; fromMs: number; toMs: number; lost: number };

/** All that was seen. A type without windows was not watched at all: what depends on it is unknown, not safe. */
export type Observations = { [T in ObservationType]: Observed[T][] } & {
  windows: Record<ObservationType, Window[]>;
};

export const noObservations = (): Observations => ({
  ...{ flows: [], calls: [], addresses: [], images: [] },
  windows: { flows: [], calls: [], addresses: [], images: [] },
});
