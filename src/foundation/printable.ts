/**
 * Text from elsewhere (manifests, API servers, nodes) on a terminal: control characters, and characters that turn the
 * direction of writing, could hide or forge lines of a report.
 */
export const printable = (text: string): string =>
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '�');

/** The same for text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');
