// Says in words what the operating system objects to.

/** "the disk is full" for ENOSPC, and so on; an error's own message where we have no better words. */
export function problemWords(error: unknown): string {
  const code = errorCode(error);
  const known = code === undefined ? undefined : words.get(code);
  if (known !== undefined) return known;
  return error instanceof Error ? error.message : String(error);
}

/** The `code` that Node puts on system errors, or undefined. */
export function errorCode(error: unknown): string | undefined {
  const isSystemError = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isSystemError ? `${error.code}` : undefined;
}

const words: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'permission denied'],
  ['EPERM', 'the system does not permit it'],
  ['EROFS', 'the file system is read-only'],
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EFBIG', 'the file size limit is reached'],
  ['ENOENT', 'there is no such directory'],
  ['ENOTDIR', 'a part of this path is not a directory'],
  ['EEXIST', 'something else has this name'],
  ['EISDIR', 'there is a directory of this name'],
  ['ELOOP', 'there are too many symbolic links, or one where none may be'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['EMFILE', 'too many files are open'],
  ['ENFILE', 'too many files are open on this machine'],
  ['EIO', 'the disk reports an error'],
]);
