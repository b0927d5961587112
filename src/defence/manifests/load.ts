import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../../foundation/json.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import type { JudgedObject, Manifest, Origin, Unassessed } from '../contract.ts';
import { type ManifestDocument, readDocuments } from './documents.ts';

const filesMax = 20_000;
const fileBytesMax = 32 * 2 ** 20;
const totalBytesMax = 256 * 2 ** 20;
const objectsMax = 100_000;
const foldersDeepMax = 32;

/** An object with what is needed to change it in its file: `prefix` leads from the document to it (items of a List). */
export type LoadedObject = JudgedObject & { origin: Origin; document: ManifestDocument; prefix: (string | number)[] };
export type LoadedFile = { file: string; text: string };
export type Loaded = {
  objects: LoadedObject[];
  files: LoadedFile[];
  /** What is no object that could be judged: templates, unknown formats. */
  unassessed: Unassessed[];
  /** What should be a manifest and cannot be read: a reason not to say that all is well. */
  unreadable: Unassessed[];
};

/**
 * All objects of a folder, of a file or of standard input (`-`). Links inside a folder are not followed. Throws
 * UsageError when there is nothing to read or when it is too much.
 */
export function loadManifests(path: string, standardInput: () => Buffer = () => readFileSync(0)): Loaded {
  const loaded: Loaded = { objects: [], files: [], unassessed: [], unreadable: [] };
  if (path === '-') addFile(loaded, '-', decode('-', standardInput()));
  else {
    // A link that is named is followed; only those found inside a folder are not.
    const about = statSync(path, { throwIfNoEntry: false });
    if (about === undefined) throw new UsageError(`${path}: there is no such file or folder`);
    const files = about.isDirectory() ? filesIn(path, loaded) : [path];
    let totalBytes = 0;
    for (const file of files) {
      const { size } = statSync(file);
      totalBytes += size;
      if (size > fileBytesMax) throw new UsageError(`${file}: larger than ${fileBytesMax / 2 ** 20} MB`);
      if (totalBytes > totalBytesMax)
        throw new UsageError(`${path}: more than ${totalBytesMax / 2 ** 20} MB in all; check its folders one by one`);
      addReadable(loaded, file, about.isDirectory());
    }
  }
  return loaded;
}

/** One file among many is no reason to say nothing of the others; a file that is named must be read. */
function addReadable(loaded: Loaded, file: string, isOneOfMany: boolean): void {
  let text: string;
  try {
    text = decode(file, readBytes(file));
  } catch (error) {
    if (!isOneOfMany || !(error instanceof UsageError)) throw error;
    loaded.unreadable.push({ what: file, file, why: error.message.replace(`${file}: `, '') });
    return;
  }
  addFile(loaded, file, text);
}

function filesIn(folder: string, loaded: Loaded): string[] {
  const files: string[] = [];
  const visit = (path: string, depth: number) => {
    if (depth > foldersDeepMax) throw new UsageError(`${path}: folders nested more than ${foldersDeepMax} deep`);
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const inside = join(path, entry.name);
      const manifest = /\.(?:ya?ml|json)$/i.test(entry.name);
      if (entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.')) visit(inside, depth + 1);
      else if (entry.isSymbolicLink() && manifest)
        loaded.unassessed.push({ what: inside, file: inside, why: 'a link, and links are not followed' });
      else if (entry.isFile() && manifest) files.push(inside);
      else if (manifest && !entry.isDirectory())
        loaded.unassessed.push({ what: inside, file: inside, why: 'neither a file nor a folder' });
      if (files.length > filesMax) throw new UsageError(`${folder}: more than ${filesMax} files`);
    }
  };
  visit(folder, 0);
  return files;
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${file}: cannot be read (${(error as Error).message})`);
  }
}

function decode(file: string, bytes: Buffer): string {
  if (bytes.length > fileBytesMax) throw new UsageError(`${file}: larger than ${fileBytesMax / 2 ** 20} MB`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${file}: is not UTF-8 text`);
  }
}

function addFile(loaded: Loaded, file: string, text: string): void {
  loaded.files.push({ file, text });
  const { documents, broken } = readDocuments(text);
  for (const { line, error, template } of broken) {
    const place = { what: `${file}:${line}`, file, line };
    if (template) loaded.unassessed.push({ ...place, why: helmTemplate });
    else loaded.unreadable.push({ ...place, why: error });
  }
  for (const document of documents) if (document.value !== null) addDocument(loaded, file, document);
}

function addDocument(loaded: Loaded, file: string, document: ManifestDocument): void {
  const origin = (prefix: (string | number)[]): Origin => ({
    file,
    document: document.index,
    hasAliases: document.hasAliases,
    lineOf: (field) => document.lineOf([...prefix, ...field]),
  });
  const isPerhapsOfHelm = document.text.includes('{{');
  const visit = (value: any, prefix: (string | number)[]) => {
    const line = () => document.lineOf(prefix);
    if (isList(value)) {
      for (const [index, item] of value.items.entries()) visit(itemOf(value, item), [...prefix, 'items', index]);
      return;
    }
    const why = isKustomization(file, value)
      ? kustomization
      : isPerhapsOfHelm && isOfHelm(value)
        ? helmTemplate
        : whyNoObject(value);
    if (why !== undefined) {
      loaded.unassessed.push({ what: `${file}:${line()}`, file, line: line(), why });
      return;
    }
    if (loaded.objects.length >= objectsMax) throw new UsageError(`${file}: more than ${objectsMax} objects in all`);
    loaded.objects.push({ object: value as Manifest, origin: origin(prefix), document, prefix });
  };
  visit(document.value, []);
}

type List = { apiVersion?: unknown; kind: string; items: unknown[] };

/** Lists have no name: what has one is an object of somebody's own kind. */
const isList = (value: any): value is List =>
  typeof value?.kind === 'string' &&
  value.kind.endsWith('List') &&
  Array.isArray(value.items) &&
  typeof value.metadata?.name !== 'string';

/** Items of a PodList, as an API server answers, do not say what they are: kubectl, too, takes it from the list. */
function itemOf({ apiVersion, kind }: List, item: any): unknown {
  const isNamed = item?.apiVersion !== undefined && item.kind !== undefined;
  return isNamed || kind === 'List' || !isObject(item)
    ? item
    : { ...item, apiVersion, kind: kind.slice(0, -'List'.length) };
}

const helmTemplate = 'a template: render it first (helm template … | rempart check -)';

/** What nothing but Helm replaces. Where it stands in quotes it reads as YAML, and no verdict on it would be about anything. */
const helmMark = /\{\{-?\s*(?:\.(?:Values|Release|Chart|Capabilities)\b|include\s)/;

/** What a ConfigMap holds may be a template of somebody else's. */
const isOfHelm = (value: unknown): boolean =>
  helmMark.test(JSON.stringify(value, (key, inner) => (key === 'data' ? undefined : inner)));

const kustomization = 'a kustomization: render it first (kubectl kustomize … | rempart check -)';

/** Its file may leave out what it is: the name says it. https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/ */
const isKustomization = (file: string, value: any): boolean =>
  /^kustomize\.config\.k8s\.io\//.test(String(value?.apiVersion)) ||
  (value?.apiVersion === undefined && /(^|[/\\])kustomization\.ya?ml$/.test(file));

function whyNoObject(value: any): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object of Kubernetes';
  if (typeof value.apiVersion !== 'string' || typeof value.kind !== 'string')
    return 'not an object of Kubernetes: it has no apiVersion and kind';
  const { metadata } = value;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata))
    return 'not an object that can be judged: it has no metadata';
  return undefined;
}
