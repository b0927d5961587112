import type { PodInfo } from './pod-info.ts';

/** A pod that waits for a node. */
export type Waiting = {
  pod: PodInfo;
  /** Place in the order of arrival. */
  order: number;
  /** How often it was tried and did not fit. */
  attempts: number;
};

/** By priority, then age. */
export const isBefore = (one: Waiting, other: Waiting): boolean =>
  one.pod.priority !== other.pod.priority ? one.pod.priority > other.pod.priority : one.order < other.order;
