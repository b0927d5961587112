import { type CelFunc, type CelType, library } from './library.ts';

/** Types of Kubernetes' extensions: each holds one text, and two are equal when their texts are. */
const opaqueTypes = [
  'Quantity',
  'Semver',
  'NamedFormat',
  'URL',
  'IP',
  'CIDR',
  'Authorizer',
  'AuthorizationCheck',
  'AuthorizationDecision',
] as const;
type OpaqueType = (typeof opaqueTypes)[number];

type Implementation = (...args: any[]) => unknown;

/** What the files of `extensions/` define their functions with. */
export type Toolkit = {
  func(name: string, args: CelType[], result: CelType, implementation: Implementation): CelFunc;
  /** The implementation is given what stands before the dot first. */
  method(target: CelType, name: string, args: CelType[], result: CelType, implementation: Implementation): CelFunc;
  /** A value of an opaque type. */
  make(type: OpaqueType, text: string): unknown;
  /** Types: `INT`, `LIST` (of anything), `Quantity`. */
  types: Record<
    'INT' | 'UINT' | 'DOUBLE' | 'BOOL' | 'STRING' | 'DYN' | 'LIST' | 'MAP' | 'TIMESTAMP' | 'DURATION' | OpaqueType,
    CelType
  >;
};

/** The one text inside an opaque value. */
export const textOf = (value: any): string => value.message.text;

export function createToolkit() {
  const { celFunc, celMethod, CelScalar, listType, mapType, objectType } = library.cel;
  const { create } = library.protobuf;
  const registry = opaqueRegistry();
  const descriptor = (type: OpaqueType) => registry.getMessage(`kubernetes.${type}`)!;
  const opaque = Object.fromEntries(opaqueTypes.map((type) => [type, objectType(descriptor(type))]));
  const { INT, UINT, DOUBLE, BOOL, STRING, DYN } = CelScalar;
  const { TimestampSchema, DurationSchema } = library.wellKnown;
  const instants = { TIMESTAMP: objectType(TimestampSchema), DURATION: objectType(DurationSchema) };
  const types = {
    INT,
    UINT,
    DOUBLE,
    BOOL,
    STRING,
    DYN,
    LIST: listType(DYN),
    MAP: mapType(DYN, DYN),
    ...instants,
    ...opaque,
  };
  const toolkit: Toolkit = {
    types: types as unknown as Toolkit['types'],
    make: (type, text) => create(descriptor(type), { text } as never),
    func: (name, args, result, implementation) => celFunc(name, args, result, implementation as never),
    method: (target, name, args, result, implementation) =>
      celMethod(name, target, args, result, function (this: unknown, ...rest: unknown[]) {
        return implementation(this, ...rest) as never;
      } as never),
  };
  return { toolkit, registry };
}

function opaqueRegistry() {
  const { create, createFileRegistry } = library.protobuf;
  const { FileDescriptorProtoSchema, FieldDescriptorProto_Type, FieldDescriptorProto_Label } = library.wellKnown;
  const field = { name: 'text', jsonName: 'text', number: 1 };
  const text = { ...field, type: FieldDescriptorProto_Type.STRING, label: FieldDescriptorProto_Label.OPTIONAL };
  const messageType = opaqueTypes.map((name) => ({ name, field: [text] }));
  const file = { name: 'kubernetes.proto', package: 'kubernetes', syntax: 'proto3', messageType };
  return createFileRegistry(create(FileDescriptorProtoSchema, file), () => undefined);
}
