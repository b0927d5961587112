import { ApiError } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import { sessions, type Target } from './request.ts';
import { createSeats } from './seats.ts';

/** How much is served at once. A request beyond is answered with 429 at once: clients come back after a second. */
export type Limits = {
  /** Returns what gives the seat back. Throws TooManyRequests. */
  enter(user: UserInfo, target: Target): () => void;
  inFlight(): { requests: number; streams: number };
};

export type Bounds = { requestsMax: number; requestsPerUserMax: number; streamsMax: number; streamsPerUserMax: number };

/** One user can take half of the seats, so that nobody shuts everybody out. */
export const defaultBounds: Bounds = {
  requestsMax: 2000,
  requestsPerUserMax: 1000,
  streamsMax: 12_000,
  streamsPerUserMax: 6000,
};

/** Of all seats: those of nodes and controllers, whose leases and reports must get through when others flood. */
const machineryShare = 1 / 4;
const machineryGroups = new Set([
  ...['system:nodes', 'rempart:network', 'rempart:volumes'],
  'system:serviceaccounts:kube-system',
]);
const isMachinery = ({ username, groups }: UserInfo): boolean =>
  username === 'system:kube-scheduler' || groups.some((group) => machineryGroups.has(group));

const longSubresources = new Set([...sessions, 'proxy', 'log']);
/** May it last, as bytes that come and go and are no object? */
export const isStream = ({ verb, subresource }: Target): boolean =>
  verb === 'watch' || longSubresources.has(subresource);
const none = () => {};

export function createLimits(bounds: Bounds): Limits {
  const seats = (max: number, each: number) => createSeats(max, each, Math.floor(max * machineryShare));
  const requests = seats(bounds.requestsMax, bounds.requestsPerUserMax);
  const streams = seats(bounds.streamsMax, bounds.streamsPerUserMax);
  return {
    enter(user, target) {
      // An operator in an emergency must get through as well.
      if (user.groups.includes('system:masters') || !target.isResource) return none;
      const leave = (isStream(target) ? streams : requests).take(user.username, { reserved: isMachinery(user) });
      if (leave === undefined) throw tooMany();
      return leave;
    },
    inFlight: () => ({ requests: requests.taken(), streams: streams.taken() }),
  };
}

const tooMany = () =>
  new ApiError('TooManyRequests', 'too many requests are being served: please try again later', {
    retryAfterSeconds: 1,
  });
