/**
 * JSON of a whole with its one empty list of this name filled, an item at a time: of a large cluster there are a hundred
 * thousand, and need not all be text at once.
 */
export function* jsonInPieces(whole: object, name: string, items: Iterable<object>): Iterable<string> {
  const text = JSON.stringify(whole, null, 2);
  const place = text.indexOf(`"${name}": []`);
  const inside = place + `"${name}": [`.length;
  const lineStart = text.slice(text.lastIndexOf('\n', place), place);
  yield text.slice(0, inside);
  let separator = '';
  for (const item of items) {
    yield `${separator}${lineStart}  `;
    yield JSON.stringify(item, null, 2).replaceAll('\n', `${lineStart}  `);
    separator = ',';
  }
  yield `${separator === '' ? '' : lineStart}${text.slice(inside)}\n`;
}
