// What another program's credential_process prints: parsed to the letter, since half of it would be somebody else's credentials. Pure.
// The form: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html

import { type EpochMs, isAccountId, type KeysDocument, type Parsed } from './credentials.ts';
import { isFields, isText, isWord, parseJson } from './json.ts';
import { Secret } from './secret.ts';

export interface ForeignDocument extends KeysDocument {
  /** Undefined: they do not say that they end. */
  readonly expiresAt?: EpochMs;
  readonly accountId?: string;
}

/** The problem never repeats anything of the text. */
export function parseForeignDocument(text: string): Parsed<ForeignDocument> {
  const fields = parseJson(text);
  if (!isFields(fields)) return broken('it printed no JSON object');
  return fields['Version'] === 1 ? readForeignFields(fields) : broken('its "Version" is not the number 1');
}

/** The same for fields that came by another way. */
export function readForeignFields(fields: Readonly<Record<string, unknown>>): Parsed<ForeignDocument> {
  const accessKeyId = textOf(fields, 'AccessKeyId');
  const secret = textOf(fields, 'SecretAccessKey');
  const token = textOf(fields, 'SessionToken');
  const end = textOf(fields, 'Expiration');
  if (typeof accessKeyId !== 'string') return broken(accessKeyId?.problem ?? 'it has no "AccessKeyId"');
  if (typeof secret !== 'string') return broken(secret?.problem ?? 'it has no "SecretAccessKey"');
  if (typeof token === 'object') return broken(token.problem);
  if (typeof end === 'object') return broken(end.problem);
  const expiresAt = end === undefined ? undefined : parseMoment(end);
  if (end !== undefined && expiresAt === undefined) return broken('its "Expiration" is no time with a zone (ISO 8601)');
  const accountId = fields['AccountId'];
  return {
    kind: 'ok',
    value: {
      accessKeyId,
      secretAccessKey: new Secret(secret),
      ...(token === undefined ? {} : { sessionToken: new Secret(token) }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(isAccountId(accountId) ? { accountId } : {}),
    },
  };
}

/** Undefined for what is no moment of ISO 8601 with seconds and a zone. */
export function parseMoment(text: string): EpochMs | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined;
  const [year, month, day] = text.split(/[-T]/, 3).map(Number);
  if (Number(day) > daysIn(Number(year), Number(month))) return undefined;
  const at = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(at) ? undefined : at;
}

/** `Date.parse` takes 30 February for 2 March. */
function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** For `readIssued`: undefined where there is none, NaN for what is no moment. */
export function readEnd(value: unknown): number | undefined {
  return isText(value) ? (parseMoment(value) ?? Number.NaN) : undefined;
}

/** Undefined where it is absent; `null` and an empty text count as that, as with AWS's own programs. */
function textOf(fields: Readonly<Record<string, unknown>>, name: string): string | { readonly problem: string } | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  return isWord(value) ? value : { problem: `its "${name}" is not printable text` };
}

function broken(problem: string): { readonly kind: 'broken'; readonly problem: string } {
  return { kind: 'broken', problem };
}
