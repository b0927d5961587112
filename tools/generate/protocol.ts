/**
 * Writes src/node/runtimes/containerd/protocol/{descriptors,messages}.ts from the .proto files beside them:
 * the descriptors as bytes (decoded at run time, no code from strings) and one TypeScript type per message.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DescField, DescFile, DescMessage } from '@bufbuild/protobuf';
import { createFileRegistry, fromBinary, ScalarType } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'src/node/runtimes/containerd/protocol');
const warning = '// Written by tools/generate/protocol.ts from the .proto files beside it; do not edit.\n';

/** Compiles the .proto files with buf; what comes back is a FileDescriptorSet without comments. */
function compile(): Uint8Array {
  const scratch = mkdtempSync(join(tmpdir(), 'rempart-protocol-'));
  try {
    const out = join(scratch, 'set.binpb');
    const buf = join(root, 'tools/generate/node_modules/.bin/buf');
    const { status } = spawnSync(
      buf,
      ['build', folder, '--as-file-descriptor-set', '--exclude-source-info', '-o', out],
      {
        stdio: ['ignore', 2, 2],
      },
    );
    if (status !== 0) throw new Error('buf could not compile the protocol; its message is above');
    return readFileSync(out);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function scalar(type: ScalarType): string {
  if (type === ScalarType.STRING) return 'string';
  if (type === ScalarType.BOOL) return 'boolean';
  if (type === ScalarType.BYTES) return 'Uint8Array';
  if (type === ScalarType.INT64 || type === ScalarType.UINT64) return 'bigint';
  return 'number';
}

function typeOf(field: DescField): string {
  if (field.fieldKind === 'map') return `Record<string, ${field.scalar ? scalar(field.scalar) : 'unknown'}>`;
  const single = field.message?.name ?? (field.enum ? 'number' : scalar(field.scalar!));
  return field.fieldKind === 'list' ? `${single}[]` : single;
}

function declare(message: DescMessage): string {
  const members = message.fields.map((field) => {
    const optional = field.fieldKind === 'message' ? '?' : '';
    return `  ${field.localName}${optional}: ${typeOf(field)};\n`;
  });
  if (members.length === 0) return `export type ${message.name} = object;\n`;
  return `export type ${message.name} = {\n${members.join('')}};\n`;
}

function declareMethods(files: DescFile[]): string {
  const methods = files.flatMap((file) => file.services.flatMap((service) => service.methods));
  const unary = methods.filter((method) => method.methodKind === 'unary');
  const line = (name: string, input: string, output: string) =>
    `  ${name}: { request: messages.${input}; response: messages.${output} };\n`;
  const lines = unary.map((method) => line(method.name, method.input.name, method.output.name));
  const head = "import type * as messages from './messages.ts';\n\n/** Every unary call, by name. */\n";
  return `${head}export type Calls = {\n${lines.join('')}};\n`;
}

export function generateProtocol(): void {
  const bytes = compile();
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  const files = [...registry.files].sort((a, b) => (a.name < b.name ? -1 : 1));
  const text = Buffer.from(bytes)
    .toString('base64')
    .replace(/.{100}/g, '$&\n')
    .trimEnd();
  const encoded = `/** A FileDescriptorSet in base64. */\nexport const descriptors = \`\n${text}\n\`;\n`;
  writeFileSync(join(folder, 'descriptors.ts'), `${warning}${encoded}`);
  writeFileSync(join(folder, 'calls.ts'), `${warning}${declareMethods(files)}`);
  const declared = files.flatMap((file) => file.messages.map(declare));
  writeFileSync(join(folder, 'messages.ts'), `${warning}${declared.join('')}`);
}

if (import.meta.main) generateProtocol();
