import {
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { readOptions } from './thorough.ts';

/** A change of one place, as in RFC 6902. */
export type FieldChange = { keys: (string | number)[]; op: string; value?: unknown };

/** What comes in the place of a part of a text. */
type Splice = { from: number; to: number; text: string };

/**
 * Changes of a document's text that touch nothing else: neither comments nor spaces. They are about places apart from each
 * other, so that the text is read once. `left` have no place of their own in it (items of lists, the first key after a dash).
 */
export function spliceAll(text: string, changes: FieldChange[]): { text: string; left: FieldChange[] } {
  const root = parseDocument(text, readOptions).contents as Node | null;
  const left: FieldChange[] = [];
  const splices = changes.flatMap((change) => {
    const found = spliceOf(root, text, change);
    if (found === undefined) left.push(change);
    return found ?? [];
  });
  const pieces: string[] = [];
  let at = 0;
  for (const { from, to, text: piece } of splices.sort((a, b) => a.from - b.from)) {
    pieces.push(text.slice(at, from), piece);
    at = to;
  }
  return { text: [...pieces, text.slice(at)].join(''), left };
}

function spliceOf(root: Node | null, text: string, { keys, op, value }: FieldChange): Splice | undefined {
  let parent: unknown = root;
  for (const key of keys.slice(0, -1)) parent = isCollection(parent) ? parent.get(key, true) : undefined;
  if (isSeq(parent) && parent.flow) return changeItem(parent as YAMLSeq<Node>, String(keys.at(-1)), op, value);
  if (!isMap(parent)) return undefined;
  const map = parent as YAMLMap<Node, Node | null>;
  const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === String(keys.at(-1)));
  if (op === 'remove') return pair && !map.flow ? remove(text, map, pair) : undefined;
  if (pair) return replace(pair, value);
  return map.flow ? addInBraces(text, map, keys.at(-1)!, value) : addBelow(text, map, keys.at(-1)!, value);
}

const inline = (value: unknown) =>
  stringify(value, {
    ...readOptions,
    collectionStyle: 'flow',
    flowCollectionPadding: Array.isArray(value) === false,
    lineWidth: 0,
  }).trim();

function replace({ value }: Pair<Node, Node | null>, wanted: unknown): Splice | undefined {
  const inPlace = isScalar(value) ? !value.type?.startsWith('BLOCK') : isCollection(value) && value.flow;
  if (!inPlace || value?.range == null || value.range[0] === value.range[1]) return undefined;
  return { from: value.range[0], to: value.range[1], text: inline(wanted) };
}

/** A list in brackets is written anew. */
function changeItem(list: YAMLSeq<Node>, key: string, op: string, value: unknown): Splice {
  const items: unknown[] = list.items.map((item) => item.toJS(parseDocument('')));
  const at = key === '-' ? items.length : Number(key);
  items.splice(at, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
  return { from: list.range![0], to: list.range![1], text: inline(items) };
}

function addInBraces(text: string, map: YAMLMap<Node, Node | null>, key: string | number, value: unknown): Splice {
  const close = map.range![1] - 1;
  const before = text.slice(0, close).trimEnd();
  const space = text.slice(before.length, close);
  const comma = map.items.length === 0 ? '' : before.endsWith(',') ? ' ' : ', ';
  const pair = inline({ [key]: value })
    .slice(1, -1)
    .trim();
  return { from: before.length, to: close, text: `${comma}${pair}${space}` };
}

function addBelow(
  text: string,
  map: YAMLMap<Node, Node | null>,
  key: string | number,
  value: unknown,
): Splice | undefined {
  const [first, last] = [map.items[0], map.items.at(-1)];
  if (!first || !last) return undefined;
  const indent = ' '.repeat(columnOf(text, first.key.range![0]));
  const at = endOf(text, last);
  const lines = stringify({ [key]: value }, { ...readOptions, lineWidth: 0 })
    .trimEnd()
    .split('\n');
  const newline = at === 0 || text[at - 1] === '\n' ? '' : '\n';
  return { from: at, to: at, text: `${newline}${lines.map((line) => `${indent}${line}\n`).join('')}` };
}

function remove(text: string, map: YAMLMap<Node, Node | null>, pair: Pair<Node, Node | null>): Splice | undefined {
  const start = pair.key.range![0] - columnOf(text, pair.key.range![0]);
  // The first key after a dash shares its line with it; a map without keys is written in another way.
  if (map.items.length < 2 || text.slice(start, pair.key.range![0]).trim() !== '') return undefined;
  return { from: start, to: endOf(text, pair), text: '' };
}

const columnOf = (text: string, offset: number) => offset - (text.lastIndexOf('\n', offset - 1) + 1);

/** Where the line after a pair begins; a comment at its end belongs to it. */
function endOf(text: string, pair: Pair<Node, Node | null>): number {
  const leaf = lastLeaf(pair);
  const end = leaf.range![1];
  if (isScalar(leaf) && (leaf as Scalar).type?.startsWith('BLOCK')) return end;
  const newline = text.indexOf('\n', end);
  return newline === -1 ? text.length : newline + 1;
}

function lastLeaf({ key, value }: Pair<Node, Node | null>): Node {
  let node: Node = value?.range && value.range[0] !== value.range[1] ? value : key;
  while (isCollection(node) && !node.flow && node.items.length > 0) {
    const last = node.items.at(-1);
    node = isSeq(node) ? (last as Node) : lastLeaf(last as Pair<Node, Node | null>);
  }
  return node;
}
