/**
 * A set of field paths in the form of metav1.FieldsV1: `{"f:spec":{"f:replicas":{}}}`. A path element is `f:<field>`,
 * `k:<keys as JSON>` for an item of a list that merges by keys, or `v:<JSON>` for an item of a set. A path is in the
 * set when its node is empty or holds ".".
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
export type Fields = { [element: string]: Fields };

/**
 * The same set with its elements in order, as Kubernetes writes it: clients compare managed fields as texts. Frozen sets
 * are given back as they are: shared ones are made in order (`fieldsOf`), those of stored objects were written so.
 */
export function inOrder(fields: Fields): Fields {
  if (Object.isFrozen(fields)) return fields;
  const result: Fields = {};
  for (const name of Object.keys(fields).sort()) result[name] = inOrder(fields[name]!);
  return result;
}

export const isEmpty = (fields: Fields): boolean => {
  for (const _ in fields) return false;
  return true;
};

/** Is this node itself in the set, not only something beneath it? */
export const isMember = (fields: Fields) => isEmpty(fields) || '.' in fields;

export function union(a: Fields, b: Fields): Fields {
  if (isEmpty(a) || isEmpty(b)) return isEmpty(a) ? b : a;
  const result: Fields = { ...a };
  for (const [element, fields] of Object.entries(b)) {
    const other = result[element];
    if (other === undefined) result[element] = fields;
    else {
      const inner = union(other, fields);
      const self = (isMember(other) || isMember(fields)) && element !== '.';
      result[element] = self && !isEmpty(inner) ? { '.': {}, ...inner } : inner;
    }
  }
  return result;
}

/** Paths of `a` that are not in `b`. */
export function difference(a: Fields, b: Fields): Fields {
  if (isEmpty(b)) return a;
  const result: Fields = {};
  for (const [element, fields] of Object.entries(a)) {
    const other = b[element];
    if (other === undefined) result[element] = fields;
    else if (element !== '.') {
      const inner = difference(opened(fields), opened(other));
      if (!isEmpty(inner)) result[element] = normal(inner);
    }
  }
  return result;
}

/** Paths in both. */
export function intersection(a: Fields, b: Fields): Fields {
  const result: Fields = {};
  for (const [element, fields] of Object.entries(a)) {
    const other = b[element];
    if (other === undefined) continue;
    if (element === '.') result[element] = {};
    else {
      const inner = intersection(opened(fields), opened(other));
      if (!isEmpty(inner)) result[element] = normal(inner);
    }
  }
  return result;
}

/** A node that is written as an empty one holds itself. */
const opened = (fields: Fields): Fields => (isEmpty(fields) ? { '.': {} } : fields);

/** A node that holds nothing but itself is written as an empty one. */
const normal = (fields: Fields): Fields => {
  const keys = Object.keys(fields);
  return keys.length === 1 && keys[0] === '.' ? {} : fields;
};

/** Every path of the set in the notation of field errors: `.spec.containers[name="web"].image`. */
export function pathsOf(fields: Fields, prefix = ''): string[] {
  const paths: string[] = [];
  for (const [element, inner] of Object.entries(fields)) {
    if (element === '.') continue;
    const path = prefix + notation(element);
    if (isMember(inner)) paths.push(path);
    paths.push(...pathsOf(inner, path));
  }
  return paths;
}

function notation(element: string): string {
  const text = element.slice(2);
  if (element.startsWith('f:')) return `.${text}`;
  if (element.startsWith('v:')) return `[=${text}]`;
  const keys = Object.entries(JSON.parse(text)).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `[${keys.join(',')}]`;
}
