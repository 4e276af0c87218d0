// Which lines of AWS's files hold secrets: values of access keys and session tokens, in comments too, and the lines that continue them. Pure.

const secretLine = /^([\s#;\ufeff]*(?:aws_access_key_id|aws_secret_access_key|aws_session_token|aws_security_token)\s*[=:]).*$/i;

/** The lines, without newlines, with `[secret]` for every such value. Other lines come back as they are. */
export function masked(lines: readonly string[]): readonly string[] {
  let isSecret = false;
  return lines.map((line) => {
    const [whole, key] = secretLine.exec(line) ?? [];
    const isContinued = isSecret && /^\s/.test(line);
    isSecret = whole !== undefined || isContinued;
    if (key !== undefined) return `${key} [secret]`;
    return isContinued && line.trim() !== '' ? '  [secret]' : line;
  });
}
