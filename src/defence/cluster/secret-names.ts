const secretName =
  /passw(?:or)?d|(?:^|[_-])pass$|passphrase|secret|token|api[_-]?key|private[_-]?key|credential|access[_-]?key/i;
/** Names of what points to a secret or is about one. */
const aboutSecret =
  /(?:_|-|\b)(?:file|path|dir|name|url|uri|host|ttl|length|type|id|enabled?|expiry|expiration|stdin|mode|interval|timeout|header|provider|store|namespace|audience|issuer|policy|refresh|prefix|size|count)$/i;
/** Paths, references to other variables, yes and no, and times are no secrets. */
const noSecret = /^[/$]|^(?:true|false|yes|no|none)$|^\d+(?:ms|s|m|h|d)$|\{\{/i;

/** A guess by name and value: does this look like a secret written in the open? */
export function looksSecret(name: string, value: unknown): boolean {
  if (typeof value !== 'string' || value.length < 4 || !secretName.test(name) || aboutSecret.test(name)) return false;
  return !noSecret.test(value);
}

const knownForms = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b/;

/**
 * `postgres://web:hunter22@db`; a variable, or a word that stands for one, is none, nor is the tag of an image before its
 * digest. Bounded: texts may be long.
 */
const inUrl =
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]{0,100}:(?!(?:password|passwd|pass|pwd|x+|\*+)@)[^\s/:@$<{]{3,200}@(?!sha(?:256|512):)/i;

/** Does the text have a private key, a well-known access key or a URL with a password in it? */
export const holdsKey = (text: unknown): boolean =>
  typeof text === 'string' && (knownForms.test(text) || inUrl.test(text));
