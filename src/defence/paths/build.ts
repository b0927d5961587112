import { createReachability } from '../../policy/policy.ts';
import { exposureOf } from '../exposure/exposure.ts';
import { networkOf } from '../snapshot/network.ts';
import { oncePerSnapshot } from '../snapshot/once.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { createPlaces } from './effects.ts';
import { createGraph, type Graph } from './graph.ts';
import { type Model, modelOf } from './model.ts';
import { addNetwork } from './network.ts';
import { addRights } from './rights.ts';
import { addRuntime } from './runtime.ts';

export type PathGraph = {
  graph: Graph;
  model: Model;
  /** What could be a hop and was not judged, with why. */
  notAssessed: string[];
};

/** Every hop that the objects of a snapshot make possible. Made once per snapshot. */
export const pathGraphOf = oncePerSnapshot(build);

function build(snapshot: Snapshot): PathGraph {
  const model = modelOf(snapshot);
  const graph = createGraph();
  const places = createPlaces(graph, model);
  places.gain('everything', '');
  addRights(places, model);
  addRuntime(places, model);
  addNetwork(places, model, createReachability(networkOf(snapshot).world));
  const beyond =
    snapshot.source === 'manifests' ? ['what the cluster has besides: manifests are only a part of it'] : [];
  const notAssessed = [...new Set([...model.notAssessed, ...exposureOf(snapshot).notAssessed, ...beyond])];
  return { graph, model, notAssessed };
}
