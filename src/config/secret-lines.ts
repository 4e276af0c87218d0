// Which lines of AWS's files hold secrets: values of access keys and session tokens, in comments too, and the lines that continue them. Pure.

import { skipBlanks, startsComment } from './aws-config-text.ts';

const secretKey = /^\W*(?:aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token)[^\w=:]*[=:]/i;

/** The lines, without newlines, with `[secret]` for every such value. Other lines come back as they are. */
export function masked(lines: readonly string[]): readonly string[] {
  const prefixes = secretPrefixes(lines);
  return lines.map((line, index) => {
    const prefix = prefixes[index];
    return prefix === undefined ? line : `${prefix || ' '} [secret]`;
  });
}

/**
 * What stands before the secret of each line, with its newline or without: the key with its delimiter, or nothing where it continues one.
 * Undefined where there is no secret.
 */
export function secretPrefixes(lines: readonly string[]): readonly (string | undefined)[] {
  /** How far in the key stands whose value is secret. */
  let keyIndent: number | undefined;
  return lines.map((line) => {
    const key = secretKey.exec(line)?.[0];
    const indent = skipBlanks(line, 0, line.length);
    // Neither blank lines nor comments end a value.
    if (key === undefined && (indent === line.length || startsComment(line.charCodeAt(0)))) return undefined;
    const isContinued = keyIndent !== undefined && indent > 0 && indent !== keyIndent;
    keyIndent = key === undefined ? (isContinued ? keyIndent : undefined) : indent;
    return key ?? (isContinued ? '' : undefined);
  });
}
