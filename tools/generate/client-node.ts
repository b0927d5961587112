import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const generated = join(import.meta.dirname, 'node_modules/@kubernetes/client-node/dist/gen');

export type ClassField = { name: string; type: string; format: string; required: boolean };

/** Names of the model classes of stable versions: `V1Pod`, `CoreV1Event`. */
export function classNames(): string[] {
  return readdirSync(join(generated, 'models'))
    .filter((file) => file.endsWith('.js') && !/(alpha|beta)\d/.test(file))
    .map((file) => file.slice(0, -3))
    .filter((name) => name !== 'all' && name !== 'ObjectSerializer');
}

/** The fields of a model class; what is required only its type declaration tells, by the lack of `?`. */
export function readClass(name: string): ClassField[] {
  const source = readFileSync(join(generated, 'models', `${name}.js`), 'utf8');
  const declaration = readFileSync(join(generated, 'models', `${name}.d.ts`), 'utf8');
  const attributes: { name: string; baseName: string; type: string; format: string }[] = JSON.parse(
    /attributeTypeMap = (\[[\s\S]*?\]);/.exec(source)![1]!,
  );
  return attributes.map(({ name, baseName, type, format }) => ({
    name: baseName,
    type,
    format,
    required: declaration.includes(`'${name}': `),
  }));
}

/** Model classes that the API class of a group and version mentions: `ResourceV1` -> `V1DeviceClass`, … */
export function classesOfApi(api: string): string[] {
  const source = readFileSync(join(generated, 'apis', `${api}Api.d.ts`), 'utf8');
  return [...source.matchAll(/\/models\/(\w+)\.js/g)].map((match) => match[1]!);
}

/** `CoreV1`, `ResourceV1`, … */
export function stableApis(): string[] {
  return readdirSync(join(generated, 'apis'))
    .map((file) => /^(\w+V\d+)Api\.d\.ts$/.exec(file)?.[1])
    .filter((name) => name !== undefined && !/(alpha|beta)\d/.test(name)) as string[];
}
