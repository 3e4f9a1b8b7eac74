// Text and bytes. Neither QuickJS nor the contract has TextEncoder and TextDecoder.

/** Bytes that become characters in one call: more arguments than that do not fit on the stack. */
const CHUNK_BYTES = 8192;

/** The bytes of a text as UTF-8; a lone surrogate becomes U+FFFD. */
export function encode(text) {
  // `unescape` makes one character of each escaped byte.
  const binary = unescape(encodeURIComponent(text.toWellFormed()));
  return Uint8Array.from({ length: binary.length }, (_, at) => binary.charCodeAt(at));
}

/** The text that UTF-8 bytes stand for; what is no UTF-8 becomes U+FFFD. */
export function decode(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES));
  }
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    return decodeLossy(bytes);
  }
}

function decodeLossy(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const [point, length] = codePoint(bytes, at);
    text += String.fromCodePoint(point);
    at += length;
  }
  return text;
}

/** The code point that begins here, and how many bytes it takes. */
function codePoint(bytes, at) {
  const first = bytes[at];
  if (first < 0x80) return [first, 1];
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0) return [0xfffd, 1];
  let point = first & (0x7f >> length);
  for (let place = 1; place < length; place += 1) {
    const next = bytes[at + place];
    if (next === undefined || (next & 0xc0) !== 0x80) return [0xfffd, place];
    point = (point << 6) | (next & 0x3f);
  }
  const least = [0, 0, 0x80, 0x800, 0x10000][length];
  const isNone = point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000);
  return isNone ? [0xfffd, 1] : [point, length];
}
