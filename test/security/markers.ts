// Finds secrets in bytes, whole or in pieces, in the clear or as programs write text down. Knows no places: the bytes arrive as an argument.

/** A secret, and the name under which a leak of it is reported; the report itself must not show it. */
export interface Marker {
  readonly name: string;
  readonly secret: string;
}

export interface MarkerSearch {
  /** The names of the markers that are in these bytes, each once. */
  find(bytes: Buffer): readonly string[];
}

/** So many characters in a row are found wherever they were cut out of a secret, and however long it is: any 2n - 1 hold a piece of n. */
const pieceLength = 12;
/** Of each needle, to look up at every place in the bytes. */
const keyLength = 7;

/** A secret is found in one piece or cut up, as text, base64, hex, percent-encoded, JSON or UTF-16. Digits alone (MFA codes) as they are. */
export function searchFor(markers: readonly Marker[]): MarkerSearch {
  const needles = new Map<string, { readonly needle: string; readonly name: string }[]>();
  const codes = markers.filter(({ secret }) => /^\d+$/.test(secret));
  for (const { name, secret } of markers.filter((marker) => !codes.includes(marker))) {
    if (secret.length < pieceLength) throw new Error(`${name} is too short to be told from chance`);
    for (const needle of new Set(piecesOf(secret).flatMap(formsOf))) {
      const key = needle.slice(0, keyLength);
      needles.set(key, [...(needles.get(key) ?? []), { needle, name }]);
    }
  }
  return {
    find: (bytes) => {
      const text = bytes.toString('latin1');
      const found = new Set(codes.filter(({ secret }) => hasNumber(text, secret)).map(({ name }) => name));
      for (let at = 0; at + keyLength <= text.length; at++) {
        for (const { needle, name } of needles.get(text.slice(at, at + keyLength)) ?? []) {
          if (text.startsWith(needle, at)) found.add(name);
        }
      }
      return [...found];
    },
  };
}

function piecesOf(secret: string): readonly string[] {
  const count = Math.floor(secret.length / pieceLength);
  return Array.from({ length: count }, (_, index) => secret.slice(index * pieceLength, (index + 1) * pieceLength));
}

/** As latin1 text, one character for each byte. */
function formsOf(piece: string): readonly string[] {
  const [plain, wide] = [Buffer.from(piece), Buffer.from(piece, 'utf16le')];
  return [
    plain.toString('latin1'),
    wide.toString('latin1'),
    Buffer.from(wide).swap16().toString('latin1'),
    plain.toString('hex'),
    plain.toString('hex').toUpperCase(),
    ...base64Forms(plain),
    ...base64Forms(wide),
    encodeURIComponent(piece),
    encodeURIComponent(piece).replace(/%../g, (code) => code.toLowerCase()),
    piece.replaceAll('/', '\\/'),
    piece.replace(/[^\w]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
  ];
}

// What comes before a piece decides how its bits fall into letters: three ways, and the letters at both ends belong to the neighbours too.
function base64Forms(bytes: Buffer): readonly string[] {
  const inner = [0, 1, 2].map((before) => {
    const letters = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '');
    return letters.slice(before === 0 ? 0 : before + 1, -1);
  });
  return inner.flatMap((letters) => [letters, letters.replaceAll('+', '-').replaceAll('/', '_')]);
}

// Six digits turn up in numbers and hashes; a code stands alone.
function hasNumber(text: string, digits: string): boolean {
  return new RegExp(`(?<![\\w.])${digits}(?!\\w)`).test(text);
}
