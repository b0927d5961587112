import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fullName, kindOfDefinition } from '../../api/schema/definitions.ts';

/** What the fields of one definition are, by name; `$`: what the definition itself is. */
export type Texts = Record<string, string>;

export type Descriptions = {
  /** Of a definition by its full name; undefined: of an object whose kind has no definition. */
  of(definition: string | undefined): Texts;
  /** Changes with every text. */
  source: string;
};

const folder = join(import.meta.dirname, 'descriptions');

/**
 * Every text of `descriptions/`. Read anew for each document: what is made of them is kept, and a server that nobody asks
 * for its OpenAPI holds none. A definition with `$like` has the fields of another one, but for those it names itself; what
 * all objects and all lists have is said of PartialObjectMetadata and its list.
 */
export function readDescriptions(): Descriptions {
  const files = readdirSync(folder).sort();
  const source = files.map((file) => readFileSync(join(folder, file), 'utf8'));
  const texts = new Map<string, Texts>(
    source
      .flatMap((text) => Object.entries(JSON.parse(text) as Record<string, Texts>))
      .map(([name, fields]) => [fullName(name), fields]),
  );
  function of(definition: string | undefined): Texts {
    const { $like: like, ...own } = texts.get(definition ?? object) ?? {};
    const shared = like === undefined ? sharedBy(definition) : fullName(like);
    if (shared === undefined) return own;
    const { $: _, ...fields } = of(shared);
    return { ...fields, ...own };
  }
  return { of, source: source.join('') };
}

const object = fullName('meta.v1.PartialObjectMetadata');
const list = fullName('meta.v1.PartialObjectMetadataList');

/** The definition that says what is the same of all kinds. */
function sharedBy(definition: string | undefined): string | undefined {
  if (definition === undefined || definition === object || definition === list) return undefined;
  const kind = kindOfDefinition(definition)?.kind;
  return kind && (kind.endsWith('List') ? list : object);
}
