// The double's replies in the query protocol's XML.

import { randomUUID } from 'node:crypto';
import type { Refusal } from './sts-double-refusal.ts';

export interface XmlFields {
  readonly [tag: string]: string | XmlFields;
}

const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

export function resultXml(operation: string, fields: XmlFields): string {
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

export function refusalXml({ code, message, status }: Pick<Refusal, 'code' | 'message' | 'status'>): string {
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
  return Object.entries(fields).flatMap(([tag, value]) =>
    typeof value === 'string'
      ? [`${space}<${tag}>${escapeXml(value)}</${tag}>`]
      : [`${space}<${tag}>`, ...lines(value, indent + 2), `${space}</${tag}>`],
  );
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
