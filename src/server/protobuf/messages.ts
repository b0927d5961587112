import numbers from './numbers.json' with { type: 'json' };

/** A field of a message; see tools/generate/protobuf-numbers.ts for what the marks mean. */
export type Field = { name: string; pointer: boolean; wrapped: boolean; inline: string | undefined };
export type Message = Map<number, Field>;

const lines = numbers as Record<string, string>;
const parsed = new Map<string, Message>();

/** `io.k8s.api.core.v1.Pod` and `core.v1.Pod` are the same message; undefined when it has no protobuf form. */
export function messageOf(definition: string): Message | undefined {
  const name = definition.replace(/^io\.k8s\.(api|apimachinery\.pkg\.(apis|api|util)|apimachinery\.pkg)\./, '');
  const known = parsed.get(name);
  if (known !== undefined) return known;
  const line = Object.hasOwn(lines, name) ? lines[name] : undefined;
  if (line === undefined) return undefined;
  const message: Message = new Map();
  for (const word of line.split(' ')) {
    const match = /^(\w+)=(\d+)(\?|@|\^(.*))?$/.exec(word);
    if (match === null) continue;
    const [, field, number, mark, inline] = match;
    message.set(Number(number), { name: field!, pointer: mark === '?', wrapped: mark === '@', inline });
  }
  parsed.set(name, message);
  return message;
}
