import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import { yamlOptions } from '../../api/yaml.ts';
import type { FieldPath } from '../field.ts';
import { DocumentError, plainValue } from './values.ts';

/** The library holds each key against every other one, minutes for a hostile file: values.ts looks them up in a set. */
export const readOptions = { ...yamlOptions, uniqueKeys: false };

/** What was read, with the place in the text where it begins; or what is wrong there. */
export type Read = { value: unknown; hasAliases: boolean; begin: number } | Broken;
export type Broken = { error: string; offset: number };

/** All of YAML, with what is wrong where. */
export function readThoroughly(text: string): Read {
  try {
    const document = parseDocument(text, readOptions);
    const error = document.errors[0];
    if (error) return { error: error.message, offset: error.pos[0] };
    return { ...plainValue(document), begin: offsetOf(document.contents as Node | null, []) };
  } catch (error) {
    if (error instanceof DocumentError) return { error: error.message, offset: error.offset };
    if (error instanceof RangeError) return { error: 'nested too deep', offset: 0 };
    return { error: (error as Error).message, offset: 0 };
  }
}

/** Where fields begin: at their keys in a mapping. As far as the path is written in the document. */
export function offsetsOf(text: string): (field: FieldPath) => number {
  const root = parseDocument(text, readOptions).contents as Node | null;
  return (field) => offsetOf(root, field);
}

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
