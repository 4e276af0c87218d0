// What CreateSession answers, in JSON: credentials, or a refusal. Pure.

import type { EpochMs } from './credentials.ts';
import { readEnd } from './foreign-document.ts';
import { type Issued, readIssued } from './issued.ts';
import { isFields, parseJson } from './json.ts';

export function parseSessionReply(text: string, issuedAt: EpochMs): Issued {
  const first = listIn(parseJson(text), 'credentialSet')[0];
  const issued = fieldOf(first, 'credentials');
  return readIssued(
    {
      accessKeyId: fieldOf(issued, 'accessKeyId'),
      secretAccessKey: fieldOf(issued, 'secretAccessKey'),
      sessionToken: fieldOf(issued, 'sessionToken'),
      expiresAt: readEnd(fieldOf(issued, 'expiration')),
      accountId: textOf(fieldOf(first, 'assumedRoleUser'), 'arn')?.split(':')[4],
    },
    issuedAt,
  );
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
