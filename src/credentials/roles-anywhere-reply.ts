// What CreateSession answers, in JSON: credentials, or a refusal. Pure.

import type { Credentials, EpochMs } from './credentials.ts';
import { parseMoment } from './foreign-document.ts';
import { isFields, isWord, parseJson } from './json.ts';
import { Secret } from './secret.ts';

export type SessionReply =
  | { readonly kind: 'ok'; readonly credentials: Credentials }
  | { readonly kind: 'problem'; readonly problem: string };

/** All of it or nothing: half a set of credentials would fail later, at somebody who cannot know why. */
export function parseSessionReply(text: string, issuedAt: EpochMs): SessionReply {
  const first = listIn(parseJson(text), 'credentialSet')[0];
  const issued = fieldOf(first, 'credentials');
  const accessKeyId = textOf(issued, 'accessKeyId');
  const secretAccessKey = textOf(issued, 'secretAccessKey');
  const sessionToken = textOf(issued, 'sessionToken');
  const expiration = textOf(issued, 'expiration');
  if (!isWord(accessKeyId) || !isWord(secretAccessKey) || !isWord(sessionToken) || !expiration)
    return problem('its reply holds no complete credentials');
  const expiresAt = parseMoment(expiration);
  if (expiresAt === undefined) return problem('its credentials have no readable end');
  if (expiresAt <= issuedAt) return problem('its credentials have ended already');
  const accountId = textOf(fieldOf(first, 'assumedRoleUser'), 'arn')?.split(':')[4] ?? '';
  const account = /^\d{12}$/.test(accountId) ? { accountId } : {};
  return {
    kind: 'ok',
    credentials: {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: new Secret(sessionToken),
      issuedAt,
      expiresAt,
      ...account,
    },
  };
}

/** AWS's own code and words; the code stands in a header, or in the document itself. */
export function parseRefusal(
  text: string,
  headers: Readonly<Record<string, string>>,
): { readonly awsCode: string; readonly message: string } {
  const document = parseJson(text);
  const named = headers['x-amzn-errortype'] ?? textOf(document, '__type') ?? textOf(document, 'code') ?? 'no code';
  // `prefix#AccessDeniedException:http://…`
  const awsCode = named.split(':')[0]?.split('#').at(-1) ?? named;
  return { awsCode, message: textOf(document, 'message') ?? textOf(document, 'Message') ?? '' };
}

function problem(words: string): SessionReply {
  return { kind: 'problem', problem: words };
}

function fieldOf(value: unknown, key: string): unknown {
  return isFields(value) ? value[key] : undefined;
}

function textOf(value: unknown, key: string): string | undefined {
  const field = fieldOf(value, key);
  return typeof field === 'string' ? field : undefined;
}

function listIn(value: unknown, key: string): readonly unknown[] {
  const field = fieldOf(value, key);
  return Array.isArray(field) ? field : [];
}
