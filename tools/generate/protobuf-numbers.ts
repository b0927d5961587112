import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes src/server/protobuf/numbers.json: the field numbers of the protobuf encoding of the kinds that facts.json
 * knows. Go clients send built-in kinds so. Read from the .proto and types.go files of k8s.io/api, as `go mod download`
 * keeps them; types and names of fields are in facts.json already.
 *
 * A message is a line of fields, `name=1 replicas=2? volumeSource=2^core.v1.VolumeSource items=1`: the number, then `?`
 * when Go has a pointer there (so that a zero means zero, not absent), `^` and the type when the fields of that message
 * stand among their parent's in JSON, `@` when a message with the one field `items` is a plain list in JSON.
 */
const version = 'v0.36.0';
const modules = ['k8s.io/api', 'k8s.io/apimachinery'];
const root = join(import.meta.dirname, '../..');
const facts: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'src/api/schema/facts.json'), 'utf8'),
);

type Field = { name: string; number: string; type: string };
const messages = new Map<string, Field[]>();
const pointers = new Set<string>();

function folderOf(module: string): string {
  const { stdout, status } = spawnSync('go', ['mod', 'download', '-json', `${module}@${version}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`go could not download ${module}@${version}`);
  return JSON.parse(stdout).Dir;
}

/** `k8s.io.api.core.v1` is `core.v1` in facts.json, `k8s.io.apimachinery.pkg.apis.meta.v1` is `meta.v1`. */
const shortName = (name: string) =>
  name.replace(/^\.?k8s\.io\.(api|apimachinery\.pkg\.(apis|api|util)|apimachinery\.pkg)\./, '');

function readProto(file: string): void {
  const text = readFileSync(file, 'utf8').replace(/\/\/.*$/gm, '');
  const home = shortName(/^package ([\w.]+);/m.exec(text)![1]!);
  for (const [, message, body] of text.matchAll(/^message (\w+) \{([^}]*)\}/gm)) {
    const fields = [...body!.matchAll(/(?:optional|repeated)?\s*(map<[^>]*>|[\w.]+) (\w+) = (\d+);/g)];
    messages.set(
      `${home}.${message}`,
      fields.map(([, type, name, number]) => ({ name: name!, number: number!, type: qualify(type!, home) })),
    );
  }
  readPointers(file.replace('generated.proto', 'types.go'), home);
}

function qualify(type: string, home: string): string {
  const inner = /^map<\w+, ([\w.]+)>$/.exec(type)?.[1] ?? type;
  if (/^[a-z0-9]+$/.test(inner)) return inner;
  return inner.includes('.') ? shortName(inner) : `${home}.${inner}`;
}

function readPointers(file: string, home: string): void {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return;
  }
  for (const [, struct, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
    for (const [, json] of body!.matchAll(/^\s*\w+\s+\*[\w.]+\s+`json:"(\w+)/gm))
      pointers.add(`${home}.${struct}.${json}`);
}

for (const module of modules) {
  const folder = folderOf(module);
  for (const file of globSync('**/generated.proto', { cwd: folder })) readProto(join(folder, file));
}

const written: Record<string, string> = {};
function write(name: string, parent: Record<string, string> | undefined): void {
  const fields = messages.get(name);
  const known = parent ?? facts[name];
  if (fields === undefined || written[name] !== undefined || known === undefined) return;
  written[name] = '';
  written[name] = fields
    .map((field) => {
      const mark = markOf(name, field, known);
      if (mark.startsWith('^')) write(field.type, known);
      return `${jsonName(field.name, known)}=${field.number}${mark}`;
    })
    .join(' ');
}

/** A few fields are spelled otherwise in JSON than in the .proto file: `Webhooks`, `uID`, `aPIGroup`. */
const jsonName = (name: string, known: Record<string, string>): string =>
  Object.hasOwn(known, name)
    ? name
    : (Object.keys(known).find((each) => each.toLowerCase() === name.toLowerCase()) ?? name);

function markOf(message: string, field: Field, known: Record<string, string>): string {
  const { type } = field;
  const name = jsonName(field.name, known);
  const isInline = !Object.hasOwn(known, name) && messages.has(type) && known['$']?.includes('kind(') !== true;
  if (isInline) return `^${type}`;
  const inner = messages.get(type);
  if (inner?.length === 1 && inner[0]!.name === 'items' && known[name]?.endsWith('[]string')) return '@';
  return pointers.has(`${message}.${name}`) ? '?' : '';
}

for (const name of Object.keys(facts)) write(name, undefined);
const lines = Object.entries(written).map(([name, fields]) => `${JSON.stringify(name)}: ${JSON.stringify(fields)}`);
writeFileSync(join(root, 'src/server/protobuf/numbers.json'), `{\n${lines.join(',\n')}\n}\n`);
const missing = Object.keys(facts).filter((name) => written[name] === undefined);
process.stdout.write(`${lines.length} messages written; not in any .proto: ${missing.join(' ')}\n`);
