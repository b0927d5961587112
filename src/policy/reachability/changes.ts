import { type AddressRange, formatAddress } from '../address.ts';
import type { PortRange } from '../compile.ts';
import type { ParsedPolicy } from '../parse.ts';
import type { Direction, PolicyPod, World } from '../world.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import type { PartyClass } from './parties.ts';
import { createPortSets } from './port-sets.ts';

/** Ends that neither world can tell apart: pods by `podKey`, names of nodes or services, or ranges of addresses. */
export type ChangedParty = { type: PartyClass['type']; members: string[] };
/** What one party may reach of another before and after. */
export type ChangedPair = { from: ChangedParty; to: ChangedParty; before: PortRange[]; after: PortRange[] };

/** A class of both worlds at once; `same` when its members themselves did not change. Absent from a world: undefined. */
type Common = { was: PartyClass | undefined; is: PartyClass | undefined; same: boolean; members: string[] };

/**
 * What changes between two worlds. Only classes whose own policies, isolation, labels or ports differ are evaluated, and
 * only against the rest once: one changed policy costs rows and columns of the pods that it selects.
 */
export function changedPairs(before: World, after: World): ChangedPair[] {
  const portSets = createPortSets();
  const [old, now] = [createMatrix(before, portSets), createMatrix(after, portSets)];
  const commons = commonClasses(old, now);
  const pairs: ChangedPair[] = [];
  const partyOf = ({ was, is, members }: Common): ChangedParty => ({ type: (is ?? was)!.type, members });
  const compare = (from: Common, to: Common, was: number, is: number) => {
    if (was === is) return;
    const [before, after] = [portSets.ranges(was), portSets.ranges(is)];
    pairs.push({ from: partyOf(from), to: partyOf(to), before, after });
  };
  const at = (sets: Uint32Array | undefined, party: PartyClass | undefined) =>
    sets === undefined || party === undefined ? portSets.none : sets[party.index]!;
  const sources = new Set(commons.filter((common) => changes(common, 'egress')));
  for (const from of sources) {
    const [was, is] = [from.was && old.row(from.was), from.is && now.row(from.is)];
    for (const to of commons) compare(from, to, at(was, to.was), at(is, to.is));
  }
  for (const to of commons.filter((common) => changes(common, 'ingress'))) {
    const [was, is] = [to.was && old.column(to.was), to.is && now.column(to.is)];
    for (const from of commons) if (!sources.has(from)) compare(from, to, at(was, from.was), at(is, from.is));
  }
  return pairs;
}

/** Does what this class itself allows in one direction differ, or what others see of it? */
function changes({ was, is, same }: Common, direction: Direction): boolean {
  if (!same) return true;
  if (was?.type !== 'pods' || is?.type !== 'pods') return false;
  const [a, b] = [was.podClass, is.podClass];
  return a.isolation !== b.isolation || !samePolicies(a.selectedBy[direction], b.selectedBy[direction]);
}

/** Parsed policies are kept by the identity of their objects: what did not change is the same. */
const samePolicies = (a: ParsedPolicy[], b: ParsedPolicy[]) =>
  a.length === b.length && a.every((policy) => b.includes(policy));

/** Far more than there can be, so that the places of two are one number. */
const classesMax = 2 ** 25;
const placeOf = (party: PartyClass | undefined): number => (party === undefined ? 0 : party.index + 1);

function commonClasses(old: Matrix, now: Matrix): Common[] {
  const commons = new Map<number, Common>();
  const add = (was: PartyClass | undefined, is: PartyClass | undefined, same: boolean, member: string) => {
    const key = (placeOf(was) * classesMax + placeOf(is)) * 2 + Number(same);
    const known = commons.get(key);
    if (known === undefined) commons.set(key, { was, is, same, members: [member] });
    else known.members.push(member);
  };
  for (const [key, was, is] of both(old.index.podByKey, now.index.podByKey)) {
    const classIn = ({ parties }: Matrix, pod: PolicyPod | undefined) =>
      pod === undefined || pod.hostNetwork ? undefined : parties.ofPod(pod);
    const [a, b] = [classIn(old, was), classIn(now, is)];
    if (a !== undefined || b !== undefined) add(a, b, sameFacts(a, b, was, is), key);
  }
  for (const [address, was, is] of both(old.index.nodeByAddress, now.index.nodeByAddress)) {
    const classIn = ({ parties }: Matrix, node: string | undefined) =>
      node === undefined ? undefined : parties.ofAddress(address);
    add(classIn(old, was), classIn(now, is), was === is, is ?? was!);
  }
  for (const [name, was, is] of both(services(old), services(now)))
    add(was, is, JSON.stringify(was?.service) === JSON.stringify(is?.service), name);
  for (const { was, is, range } of commonRanges(outside(old), outside(now))) add(was, is, true, rangeText(range));
  return [...commons.values()];
}

/** Is the pod the same to everybody else: its labels, namespace, addresses, ports and what is exposed of it? */
function sameFacts(a?: PartyClass, b?: PartyClass, was?: PolicyPod, is?: PolicyPod): boolean {
  if (a?.type !== 'pods' || b?.type !== 'pods') return false;
  const differ = (x: unknown, y: unknown) => x !== y && JSON.stringify(x) !== JSON.stringify(y);
  return !differ(was, is) && !differ(a.podClass.namespace, b.podClass.namespace) && !differ(a.exposed, b.exposed);
}

type ClassOf<T extends PartyClass['type']> = PartyClass & { type: T };
const classesOf = <T extends PartyClass['type']>({ parties }: Matrix, type: T) =>
  parties.classes.filter((party): party is ClassOf<T> => party.type === type);
const services = (matrix: Matrix) => new Map(classesOf(matrix, 'service').map((party) => [party.service.name, party]));
const outside = (matrix: Matrix): Piece[] =>
  classesOf(matrix, 'outside')
    .flatMap((party) => party.ranges.map((range) => ({ party, range })))
    .sort((a, b) => a.range.first - b.range.first);

/** Every key of either, with what each has for it. */
function* both<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): Generator<[K, V | undefined, V | undefined]> {
  if (a === b) {
    for (const [key, value] of a) yield [key, value, value];
    return;
  }
  for (const [key, value] of a) yield [key, value, b.get(key)];
  for (const [key, value] of b) if (!a.has(key)) yield [key, undefined, value];
}

type Piece = { party: PartyClass; range: AddressRange };

/** Both lists cover all addresses without gaps: their pieces are cut where either is. */
function commonRanges(a: Piece[], b: Piece[]): { was: PartyClass; is: PartyClass; range: AddressRange }[] {
  const found: { was: PartyClass; is: PartyClass; range: AddressRange }[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [left, right] = [a[i]!, b[j]!];
    const last = Math.min(left.range.last, right.range.last);
    found.push({
      ...{ was: left.party, is: right.party },
      range: { first: Math.max(left.range.first, right.range.first), last },
    });
    if (left.range.last === last) i++;
    if (right.range.last === last) j++;
  }
  return found;
}

const rangeText = ({ first, last }: AddressRange) =>
  first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`;
