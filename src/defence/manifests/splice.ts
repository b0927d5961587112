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

/**
 * One change of a document's text that touches nothing else: neither comments nor spaces. Undefined where the change has
 * no place of its own in the text (items of lists, the first key after a dash).
 */
export function splice(text: string, keys: (string | number)[], op: string, value: unknown): string | undefined {
  const root = parseDocument(text, readOptions).contents as Node | null;
  let parent: unknown = root;
  for (const key of keys.slice(0, -1)) parent = isCollection(parent) ? parent.get(key, true) : undefined;
  if (isSeq(parent) && parent.flow) return changeItem(text, parent as YAMLSeq<Node>, String(keys.at(-1)), op, value);
  if (!isMap(parent)) return undefined;
  const map = parent as YAMLMap<Node, Node | null>;
  const pair = map.items.find(({ key }) => isScalar(key) && String(key.value) === String(keys.at(-1)));
  if (op === 'remove') return pair && !map.flow ? remove(text, map, pair) : undefined;
  if (pair) return replace(text, pair, value);
  return map.flow ? addInBraces(text, map, keys.at(-1)!, value) : addBelow(text, map, keys.at(-1)!, value);
}

const inline = (value: unknown) =>
  stringify(value, {
    ...readOptions,
    collectionStyle: 'flow',
    flowCollectionPadding: Array.isArray(value) === false,
    lineWidth: 0,
  }).trim();

function replace(text: string, { value }: Pair<Node, Node | null>, wanted: unknown): string | undefined {
  const inPlace = isScalar(value) ? !value.type?.startsWith('BLOCK') : isCollection(value) && value.flow;
  if (!inPlace || value?.range == null || value.range[0] === value.range[1]) return undefined;
  return text.slice(0, value.range[0]) + inline(wanted) + text.slice(value.range[1]);
}

/** A list in brackets is written anew. */
function changeItem(text: string, list: YAMLSeq<Node>, key: string, op: string, value: unknown): string {
  const items: unknown[] = list.items.map((item) => item.toJS(parseDocument('')));
  const at = key === '-' ? items.length : Number(key);
  items.splice(at, op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
  return text.slice(0, list.range![0]) + inline(items) + text.slice(list.range![1]);
}

function addInBraces(text: string, map: YAMLMap<Node, Node | null>, key: string | number, value: unknown): string {
  const close = map.range![1] - 1;
  const before = text.slice(0, close).trimEnd();
  const space = text.slice(before.length, close);
  const comma = map.items.length === 0 ? '' : before.endsWith(',') ? ' ' : ', ';
  const pair = inline({ [key]: value })
    .slice(1, -1)
    .trim();
  return `${before}${comma}${pair}${space}${text.slice(close)}`;
}

function addBelow(
  text: string,
  map: YAMLMap<Node, Node | null>,
  key: string | number,
  value: unknown,
): string | undefined {
  const [first, last] = [map.items[0], map.items.at(-1)];
  if (!first || !last) return undefined;
  const indent = ' '.repeat(columnOf(text, first.key.range![0]));
  const at = endOf(text, last);
  const lines = stringify({ [key]: value }, { ...readOptions, lineWidth: 0 })
    .trimEnd()
    .split('\n');
  const before = text.slice(0, at);
  const newline = before === '' || before.endsWith('\n') ? '' : '\n';
  return `${before}${newline}${lines.map((line) => `${indent}${line}\n`).join('')}${text.slice(at)}`;
}

function remove(text: string, map: YAMLMap<Node, Node | null>, pair: Pair<Node, Node | null>): string | undefined {
  const start = pair.key.range![0] - columnOf(text, pair.key.range![0]);
  // The first key after a dash shares its line with it; a map without keys is written in another way.
  if (map.items.length < 2 || text.slice(start, pair.key.range![0]).trim() !== '') return undefined;
  return text.slice(0, start) + text.slice(endOf(text, pair));
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
