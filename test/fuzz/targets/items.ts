// What the store's items, and a document on stdout, may hold: the text is given to every parser of ours for such things.

import { indexAccount, parseAccount } from '../../../src/config/names.ts';
import {
  type Credentials,
  parseCredentialsItem,
  parseKeysItem,
  parseProcessJson,
  toCredentialsItem,
  toKeysItem,
  toProcessJson,
} from '../../../src/credentials/credentials.ts';
import { Secret } from '../../../src/credentials/secret.ts';
import { isAppError } from '../../../src/errors.ts';
import { listItems } from '../../../src/stores/item-index.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { must, type OpenTarget, type Target } from '../target.ts';

const roleItem = 'role/0123456789abcdef0123456789abcdef';
const keysItem = 'keys/corp';

export const jsonTokens = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    'null',
    'true',
    '""',
    '"__proto__"',
    '"constructor"',
    '{"v":1}',
    '{"v":2}',
    '"v":1',
    '"v":2',
    '"v":1.5',
  ],
  ...[
    '1767000003800',
    '8640000000000000',
    '9007199254740991',
    '1e20',
    '-1',
    '[[[[[[[[',
    '"\\ud800"',
    '"\\u0000"',
    '"\\u001b[31m"',
    '1,',
    '{},',
  ],
];

export const itemsTarget: Target = {
  name: 'items',
  tokens: [
    ...jsonTokens,
    ...[
      `"account":"${roleItem}"`,
      `"account":"${keysItem}"`,
      '"accessKeyId":"ASIA"',
      '"secretAccessKey":"s"',
      '"sessionToken":"t"',
    ],
    ...[
      '"issuedAt":1',
      '"expiresAt":2',
      '"accountId":"123456789012"',
      '"network":{"HTTPS_PROXY":"http://u:p@h"}',
      '"userArn":"arn:x"',
    ],
    ...['"accounts":["index","keys/corp"]', '"Version":1', '"Expiration":"2026-01-02T03:04:05Z"', '"AccessKeyId":"A"'],
  ],
  endings: ['broken', 'credentials', 'keys', 'index', 'document', 'newer'],
  open: openItems,
};

function openItems(): OpenTarget {
  const store = openMemoryStore();
  return {
    check: async (input) => {
      const text = input.toString('utf8');
      const found = [checkCredentials(text), checkKeys(text), checkDocument(text)].find((ending) => ending !== undefined);
      if (found !== undefined) return found;
      if (text === '' || text.includes('\0')) return 'broken'; // no store takes it
      await store.set(indexAccount(), new Secret(text));
      const names = await listItems(store);
      must(
        names.every((name) => parseAccount(name) === name && name !== 'index'),
        'the list has accounts only',
      );
      return names.length > 0 ? 'index' : 'broken';
    },
    close: () => store.close(),
  };
}

function checkCredentials(text: string): string | undefined {
  const parsed = orNewer(() => parseCredentialsItem(new Secret(text), roleItem));
  if (parsed === 'newer') return parsed;
  if (parsed.kind === 'broken') return checkProblem(parsed.problem, text);
  const again = parseCredentialsItem(toCredentialsItem(parsed.value, roleItem), roleItem);
  must(again.kind === 'ok' && shown(again.value) === shown(parsed.value), 'an item is printed as it was read');
  const document = parseProcessJson(checkContract(parsed.value));
  must(document?.accessKeyId === parsed.value.accessKeyId, 'the document has the same key');
  must(document.localExpiresAt === Math.floor(parsed.value.expiresAt / 1000) * 1000, 'the document ends with the credentials');
  return 'credentials';
}

/** sdk-contract.md 1 and 2, as its strictest reader has it. */
export function checkContract(credentials: Credentials): string {
  const text = toProcessJson(credentials, credentials.expiresAt);
  const { Version, Expiration, ...rest } = JSON.parse(text);
  must(Version === 1 && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(Expiration), 'every SDK can read the document');
  must(
    Object.values(rest).every((value) => typeof value === 'string' && value !== ''),
    'the document has texts only',
  );
  return text;
}

function checkKeys(text: string): string | undefined {
  const parsed = orNewer(() => parseKeysItem(new Secret(text), keysItem));
  if (parsed === 'newer') return parsed;
  if (parsed.kind === 'broken') return checkProblem(parsed.problem, text);
  const again = parseKeysItem(toKeysItem(parsed.value, keysItem), keysItem);
  must(
    again.kind === 'ok' && again.value.secretAccessKey.reveal() === parsed.value.secretAccessKey.reveal(),
    'keys are printed as they were read',
  );
  return 'keys';
}

function checkDocument(text: string): string | undefined {
  const document = parseProcessJson(text);
  if (document === undefined) return undefined;
  must(document.accessKeyId !== '' && document.secretAccessKey.reveal() !== '', 'a document has keys');
  return 'document';
}

/** The problem ends up in a log. */
function checkProblem(problem: string, text: string): undefined {
  must(text.length < 8 || !problem.includes(text), 'no problem quotes an item');
}

function orNewer<T>(parse: () => T): T | 'newer' {
  try {
    return parse();
  } catch (error) {
    if (isAppError(error, 'format-newer')) return 'newer';
    throw error;
  }
}

function shown({ secretAccessKey, sessionToken, network, ...rest }: Credentials): string {
  const revealed = Object.entries(network ?? {}).map(([name, value]) => [name, value.reveal()]);
  return JSON.stringify([rest, secretAccessKey.reveal(), sessionToken?.reveal() ?? null, revealed]);
}
