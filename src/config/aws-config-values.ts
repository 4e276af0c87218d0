// The value of one setting: its lines joined as RawConfigParser does, its indented sub-keys as botocore reads them. Pure.

import { AppError } from '../errors.ts';
import type { SettingLines } from './aws-config-lines.ts';
import { endOfLine, nextLine, pythonLines, startsComment, strip } from './aws-config-text.ts';

export interface RawValue {
  /** Continuation lines are joined by newlines. Starts with a newline exactly when there are sub-keys. */
  readonly text: string;
  readonly nested: readonly NestedValue[];
}

export interface NestedValue {
  /** Keeps its case. */
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** Throws `config-malformed` for sub-keys without "=". */
export function readValue(text: string, setting: SettingLines, path: string): RawValue {
  const firstEnd = endOfLine(text, setting.delimiter);
  const first = strip(text, setting.delimiter + 1, firstEnd);
  const lines = [first];
  const nested: NestedValue[] = [];
  let line = setting.line;
  for (let start = nextLine(text, firstEnd); start <= setting.end; ) {
    const end = endOfLine(text, start);
    line += 1;
    const content = strip(text, start, end);
    start = nextLine(text, end);
    if (startsComment(content.charCodeAt(0))) continue;
    lines.push(content);
    if (first === '') nested.push(...subKeys(content, line, { key: setting.key, path }));
  }
  return { text: lines.join('\n'), nested };
}

interface Owner {
  readonly key: string;
  readonly path: string;
}

function subKeys(content: string, line: number, { key, path }: Owner): readonly NestedValue[] {
  return pythonLines(content).flatMap((part) => {
    if (strip(part, 0, part.length) === '') return [];
    const equals = part.indexOf('=');
    if (equals !== -1) return [{ key: strip(part, 0, equals), value: strip(part, equals + 1, part.length), line }];
    const problem = `it is not "key = value", as lines indented below "${key}" must be`;
    throw new AppError('config-malformed', { path, line, problem });
  });
}
