import { createRequire } from 'node:module';
import { lazily } from '../../foundation/lazily.ts';
import type { FieldPath } from '../field.ts';
import { placesOf } from './plain/places.ts';
import { readPlain } from './plain/plain.ts';
import type { Broken } from './thorough.ts';

const load = createRequire(import.meta.url);

/** Loaded for the first document that needs it: it brings a library of seventy modules. */
const reader = lazily({
  thorough: (): typeof import('./thorough.ts') => load('./thorough.ts'),
});

/** One document of a file: its text as it stands there, from line `firstLine` (counted from 1). */
export type ManifestDocument = {
  index: number;
  firstLine: number;
  text: string;
  /** null for a document of comments only. */
  value: unknown;
  /** A change of one place would show at others. */
  hasAliases: boolean;
  /** Line of a field in the file; of the nearest one above it where the field is not written. */
  lineOf(field: FieldPath): number;
};

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
    let placeOf: ((field: FieldPath) => number) | undefined;
    const lineOf = (field: FieldPath) => {
      // Where it begins is known; the rest is looked up for the few that are shown.
      if (field.length === 0) return lineAt(read.begin);
      placeOf ??= read.places();
      return lineAt(placeOf(field));
    };
    const { value, hasAliases = false } = read;
    documents.push({ index, firstLine, text, value, hasAliases, lineOf });
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

/** `begin` is a place in the text; `places` looks for those of fields, which is reading it again. */
type Placed = { value: unknown; hasAliases?: boolean; begin: number; places(): (field: FieldPath) => number };

function readOne(text: string): Placed | Broken {
  const plain = readPlain(text);
  if (plain !== undefined) return { ...plain, places: () => placesOf(text) };
  const deep = tooDeep(text);
  if (deep !== undefined) return { error: 'nested too deep', offset: deep };
  const read = readJson(text) ?? reader.thorough.readThoroughly(text);
  return 'error' in read ? read : { ...read, places: () => reader.thorough.offsetsOf(text) };
}

/** JSON is read ten times as fast by itself; what it does not take may still be YAML. */
function readJson(text: string): { value: unknown; begin: number } | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  const value = parseJson(text);
  if (value === undefined) return undefined;
  return { value, begin: /^\s*\{/.test(text) ? Math.max(0, text.indexOf('"')) : 0 };
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
