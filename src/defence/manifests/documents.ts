import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { yamlOptions } from '../../api/yaml.ts';
import type { FieldPath } from '../field.ts';
import { beginOf, readPlain } from './plain.ts';
import { DocumentError, plainValue } from './values.ts';

/** One document of a file: its text as it stands there, from line `firstLine` (counted from 1). */
export type ManifestDocument = {
  index: number;
  firstLine: number;
  text: string;
  /** null for a document of comments only. */
  value: unknown;
  /** Line of a field in the file; of the nearest one above it where the field is not written. */
  lineOf(field: FieldPath): number;
};

/** The library holds each key against every other one, minutes for a hostile file: values.ts looks them up in a set. */
export const readOptions = { ...yamlOptions, uniqueKeys: false };

export type BrokenDocument = { index: number; line: number; error: string; template: boolean };

const documentsMax = 20_000;

/** `{{ .Values.x }}`, `{{- if … }}`: what Helm and others replace. */
const templateMark = /\{\{-?\s*(?:[.$"(]|if\b|with\b|range\b|include\b|template\b|end\b|define\b|else\b|toYaml\b)/;

/** All documents of a text, JSON or YAML, with those that cannot be read. Never throws. */
export function readDocuments(text: string): { documents: ManifestDocument[]; broken: BrokenDocument[] } {
  const documents: ManifestDocument[] = [];
  const broken: BrokenDocument[] = [];
  const parts = split(text);
  if (parts.length > documentsMax)
    return {
      documents,
      broken: [{ index: 0, line: 1, error: `more than ${documentsMax} documents`, template: false }],
    };
  for (const [index, { firstLine, text }] of parts.entries()) {
    const lineAt = lines(text, firstLine);
    const read = readOne(text);
    if ('error' in read) {
      const template = templateMark.test(text);
      broken.push({ index, line: lineAt(read.offset), error: read.error, template });
      continue;
    }
    let root: Node | null | undefined;
    const lineOf = (field: FieldPath) => {
      // Where it begins is known; the rest is looked up by reading it again, for the few that are shown.
      if (field.length === 0) return lineAt(read.begin);
      root ??= parseDocument(text, readOptions).contents as Node | null;
      return lineAt(offsetOf(root, field));
    };
    documents.push({ index, firstLine, text, value: read.value, lineOf });
  }
  return { documents, broken };
}

/** The parser recurses: what is nested deeper than any manifest never gets there. */
const bracketsMax = 1000;

function tooDeep(text: string): number | undefined {
  if (text.length < bracketsMax) return undefined;
  const dashes = /(?:[-?] ){200}/.exec(text);
  if (dashes) return dashes.index;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 91 || code === 123) depth++;
    else if (code === 93 || code === 125) depth = Math.max(0, depth - 1);
    if (depth > bracketsMax) return at;
  }
  return undefined;
}

type Read = { value: unknown; begin: number } | { error: string; offset: number };

function readOne(text: string): Read {
  const deep = tooDeep(text);
  if (deep !== undefined) return { error: 'nested too deep', offset: deep };
  if (/^\s*[{[]/.test(text)) {
    // JSON is read ten times as fast by itself; what it does not take may still be YAML.
    const value = parseJson(text);
    if (value !== undefined) return { value, begin: /^\s*\{/.test(text) ? Math.max(0, text.indexOf('"')) : 0 };
  }
  const plain = readPlain(text);
  if (plain !== undefined) return { value: plain.value, begin: beginOf(text) };
  return readThoroughly(text);
}

/** All of YAML, with what is wrong where. */
export function readThoroughly(text: string): Read {
  try {
    const document = parseDocument(text, readOptions);
    const error = document.errors[0];
    if (error) return { error: error.message, offset: error.pos[0] };
    return { value: plainValue(document), begin: offsetOf(document.contents as Node | null, []) };
  } catch (error) {
    if (error instanceof DocumentError) return { error: error.message, offset: error.offset };
    if (error instanceof RangeError) return { error: 'nested too deep', offset: 0 };
    return { error: (error as Error).message, offset: 0 };
  }
}

const jsonDepthMax = 100;

function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return depthWithin(value, jsonDepthMax) ? value : undefined;
}

/** Level by level, since a recursion could be exhausted by what it measures. */
function depthWithin(value: unknown, max: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > max) return false;
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []));
  }
  return true;
}

/** A line that begins with `---` parts documents, whatever it stands in. */
export function split(text: string): { firstLine: number; text: string }[] {
  const parts: { firstLine: number; text: string }[] = [];
  let [start, line, firstLine] = [0, 1, 1];
  for (let at = 0; at < text.length; line++) {
    const end = text.indexOf('\n', at);
    const next = end === -1 ? text.length : end + 1;
    if (text.startsWith('---', at) && /\s|^$/.test(text[at + 3] ?? '')) {
      parts.push({ firstLine, text: text.slice(start, at) });
      [start, firstLine] = [at, line];
    }
    at = next;
  }
  parts.push({ firstLine, text: text.slice(start) });
  return parts;
}

/** Which line of the file an offset of this part is on. */
function lines(text: string, firstLine: number): (offset: number) => number {
  let starts: number[] | undefined;
  return (offset) => {
    if (starts === undefined) {
      starts = [0];
      for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    }
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return firstLine + low;
  };
}

/** Where a field begins: at its key in a mapping. As far as the path is written in the document. */
function offsetOf(root: Node | null | undefined, field: FieldPath): number {
  let node: unknown = root;
  let offset = isMap(node) ? ((node.items[0]?.key as Node | undefined)?.range?.[0] ?? 0) : 0;
  for (const key of field) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: name }) => isScalar(name) && String(name.value) === String(key));
      if (pair === undefined) break;
      offset = (pair.key as Node).range![0];
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      if (node === undefined) break;
      offset = (node as Node).range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
