// The double's replies in the query protocol's XML.

import { randomUUID } from 'node:crypto';
import type { Refusal } from './sts-double-refusal.ts';

export interface XmlFields {
  /** A list becomes elements called `member`. */
  readonly [tag: string]: string | XmlFields | readonly XmlFields[];
}

export const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
export const iamNamespace = 'https://iam.amazonaws.com/doc/2010-05-08/';

export function resultXml(operation: string, fields: XmlFields, namespace = stsNamespace): string {
  return [
    `<${operation}Response xmlns="${namespace}">`,
    `  <${operation}Result>`,
    ...lines(fields, 4),
    `  </${operation}Result>`,
    '  <ResponseMetadata>',
    `    <RequestId>${randomUUID()}</RequestId>`,
    '  </ResponseMetadata>',
    `</${operation}Response>`,
    '',
  ].join('\n');
}

export function refusalXml(
  { code, message, status }: Pick<Refusal, 'code' | 'message' | 'status'>,
  namespace = stsNamespace,
): string {
  return [
    `<ErrorResponse xmlns="${namespace}">`,
    '  <Error>',
    ...lines({ Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message }, 4),
    '  </Error>',
    `  <RequestId>${randomUUID()}</RequestId>`,
    '</ErrorResponse>',
    '',
  ].join('\n');
}

function lines(fields: XmlFields, indent: number): readonly string[] {
  const space = ' '.repeat(indent);
  return Object.entries(fields).flatMap(([tag, value]) => {
    if (typeof value === 'string') return [`${space}<${tag}>${escapeXml(value)}</${tag}>`];
    const inner = isList(value) ? value.flatMap((member) => lines({ member }, indent + 2)) : lines(value, indent + 2);
    return [`${space}<${tag}>`, ...inner, `${space}</${tag}>`];
  });
}

function isList(value: XmlFields | readonly XmlFields[]): value is readonly XmlFields[] {
  return Array.isArray(value);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
