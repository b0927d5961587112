import { basename } from 'node:path';
import { createCollection, observationsOf } from '../../api/observations/collection.ts';
import { decodeObserved } from '../../api/observations/decode.ts';
import { decodeLine, type Line, observationsFormat } from '../../api/observations/lines.ts';
import {
  noObservations,
  type Observations,
  type ObservationType,
  observationTypes,
  type Window,
} from '../../api/observations/observation.ts';
import { withWindow } from '../../api/observations/windows.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { createParsers, type Parser } from './imports/formats.ts';
import { readRecords } from './records.ts';

/** What came of one file. `refused`: records that are damaged, forged or of another form. */
export type Imported = { file: string; format: string; taken: number; refused: number; observations: Observations };

const own = 'Rempart observations';

/** Reads what was seen elsewhere. Throws UsageError for a file that cannot be read, or that no format knows. */
export async function importObservations(file: string, nowMs: number): Promise<Imported> {
  const reading = createReading(file, nowMs);
  try {
    for await (const part of readRecords(file)) {
      if ('refused' in part) reading.refuse();
      else reading.take(part.record);
    }
  } catch (error) {
    throw new UsageError(`observations ${file}: ${(error as Error).message}`);
  }
  const imported = reading.end();
  if (imported !== undefined) return imported;
  const known = [own, ...createParsers().map(({ name }) => name)].join(', ');
  throw new UsageError(`observations ${file}: nothing in it is of a known format (${known})`);
}

type Span = { fromMs: number; toMs: number };

function createReading(file: string, nowMs: number) {
  const collection = createCollection();
  const { windows } = noObservations();
  const lost = Object.fromEntries(observationTypes.map((type) => [type, 0])) as Record<ObservationType, number>;
  const spans = new Map<ObservationType, Span>();
  const parsers = createParsers();
  let parser: Parser | undefined;
  let isOwn = false;
  let [taken, refused] = [0, 0];
  /** Refused before it was known what they tell of: they are missing from everything. */
  let unread = 0;

  function keep(type: ObservationType, observed: unknown): boolean {
    const decoded = decodeObserved(type, observed, nowMs);
    if (decoded === undefined) return false;
    lost[type] += collection.add(type, decoded as never);
    const { fromMs, toMs } = spans.get(type) ?? { fromMs: decoded.firstMs, toMs: decoded.lastMs };
    spans.set(type, { fromMs: Math.min(fromMs, decoded.firstMs), toMs: Math.max(toMs, decoded.lastMs) });
    return true;
  }

  function takeOwn(line: Line | undefined): void {
    if (line === undefined) skip();
    else if (line.type === 'window') windows[line.of] = withWindow(windows[line.of], line.window, 0);
    else if (keep(line.type, line.observed)) taken++;
  }

  function skip(): void {
    refused++;
    unread++;
  }

  function takeForeign({ parse, types }: Parser, record: Record<string, any>): void {
    const parsed = tryParse(parse, record);
    if (Array.isArray(parsed)) {
      const kept = parsed.filter(({ type, observed }) => keep(type, observed)).length;
      taken += kept;
      if (kept === parsed.length) return;
      refused++;
      for (const type of types) lost[type]++;
    } else for (const type of types) lost[type] += parsed.lost;
  }

  return {
    refuse: skip,
    take(record: Record<string, any>) {
      if (record['format'] === observationsFormat && taken + refused === 0) isOwn = true;
      else if (isOwn) takeOwn(decodeLine(record, nowMs));
      else {
        parser ??= parsers.find(({ knows }) => knows(record));
        if (parser?.knows(record)) takeForeign(parser, record);
        else skip();
      }
    },
    end(): Imported | undefined {
      if (!isOwn && parser === undefined) return undefined;
      // What others wrote has no windows: it covers what lies between its first and its last record, at best.
      if (parser !== undefined)
        for (const [type, span] of spans) {
          const window = { source: `file/${basename(file)}`, ...span, lost: lost[type] + unread };
          windows[type] = withWindow(windows[type], window, 0);
        }
      else for (const type of observationTypes) windows[type] = withLost(windows[type], lost[type] + unread);
      const observations = observationsOf(collection, windows);
      return { file, format: isOwn ? own : parser!.name, taken, refused, observations };
    },
  };
}

/** A record whose fields are of other types than its format says makes its parser stumble: it is one lost record. */
function tryParse(parse: Parser['parse'], record: Record<string, any>): ReturnType<Parser['parse']> {
  try {
    return parse(record);
  } catch {
    return [{ type: 'flows', observed: undefined }];
  }
}

/** What was seen in all of these files. */
export async function importAll(files: string[], nowMs: number): Promise<Observations> {
  const parts = await Promise.all(files.map((file) => importObservations(file, nowMs)));
  return mergeObservations(parts.map(({ observations }) => observations));
}

/** All of several sources together. */
export function mergeObservations(parts: Observations[]): Observations {
  if (parts.length === 1) return parts[0]!;
  const collection = createCollection();
  const { windows } = noObservations();
  for (const part of parts)
    for (const type of observationTypes) {
      const pushedOut = part[type].reduce((sum, observed) => sum + collection.add(type, observed as never), 0);
      for (const window of part.windows[type]) windows[type] = withWindow(windows[type], window, 0);
      windows[type] = withLost(windows[type], pushedOut);
    }
  return observationsOf(collection, windows);
}

/** What found no room is missing from what was watched last. */
const withLost = (windows: Window[], lost: number): Window[] =>
  windows.map((window, index) => (index === windows.length - 1 ? { ...window, lost: window.lost + lost } : window));
