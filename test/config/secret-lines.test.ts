import { describe, expect, it } from 'vitest';
import { masked, secretPrefixes } from '../../src/config/secret-lines.ts';

describe('masked', () => {
  it.each([
    ['each key, of any case, with either delimiter', 'aws_access_key_id = A', 'aws_access_key_id = [secret]'],
    ['each key, of any case, with either delimiter', 'AWS_Secret_Access_Key:S', 'AWS_Secret_Access_Key: [secret]'],
    ['each key, of any case, with either delimiter', 'aws_session_token\t=T', 'aws_session_token\t= [secret]'],
    ['each key, of any case, with either delimiter', 'aws_security_token =', 'aws_security_token = [secret]'],
    ['a comment', '  #; aws_secret_access_key = S', '  #; aws_secret_access_key = [secret]'],
    ['the first line of a file with a mark', '\ufeffaws_session_token = T', '\ufeffaws_session_token = [secret]'],
    ['a value with an end of line that only Python knows', 'aws_session_token = T\u2028T', 'aws_session_token = [secret]'],
    ['a key before a blank that only Python knows', 'aws_session_token\u0085= T', 'aws_session_token\u0085= [secret]'],
    ['a key in quotes', '"aws_session_token": "T"', '"aws_session_token": [secret]'],
    ['a key of another name', 'my_aws_session_token = T', 'my_aws_session_token = T'],
    ['a longer key', 'aws_session_token_file = T', 'aws_session_token_file = T'],
    ['a mere word', '# aws_session_token', '# aws_session_token'],
    ['an indented line that continues nothing', '  x', '  x'],
  ])('masks what it should: %s', (_what, line, shown) => {
    expect(masked([line])).toStrictEqual([shown]);
  });

  it.each([
    [
      'all lines that are further in',
      ['aws_session_token =', '  T1', '\tT2'],
      ['aws_session_token = [secret]', '  [secret]', '  [secret]'],
    ],
    [
      'to the next setting',
      ['aws_session_token = T', 'region = x', '  y'],
      ['aws_session_token = [secret]', 'region = x', '  y'],
    ],
    [
      'to the next setting, indented as the key is',
      ['  aws_session_token = T', '  region = x'],
      ['  aws_session_token = [secret]', '  region = x'],
    ],
    [
      'to the next setting, though the key is indented',
      ['  aws_session_token = T', 'region = x'],
      ['  aws_session_token = [secret]', 'region = x'],
    ],
    ['less far in than the key, too', ['   aws_session_token = T', ' T='], ['   aws_session_token = [secret]', '  [secret]']],
    // They ended the value, so that what came behind was shown.
    ['past an empty line', ['aws_session_token =', '', '  T'], ['aws_session_token = [secret]', '', '  [secret]']],
    ['past a blank line', ['aws_session_token =', '   ', '  T'], ['aws_session_token = [secret]', '   ', '  [secret]']],
    ['behind a blank that only Python knows', ['aws_session_token =', '\u001fT'], ['aws_session_token = [secret]', '  [secret]']],
    [
      'past a comment',
      ['aws_session_token =', '# new', ';', '  T'],
      ['aws_session_token = [secret]', '# new', ';', '  [secret]'],
    ],
    [
      'an indented comment',
      ['aws_session_token =', '  # T', '  T'],
      ['aws_session_token = [secret]', '  [secret]', '  [secret]'],
    ],
    ['not past a header', ['aws_session_token = T', '[b]', '  x = y'], ['aws_session_token = [secret]', '[b]', '  x = y']],
    ['nothing of other settings', ['s3 =', '  a = b', ''], ['s3 =', '  a = b', '']],
  ])('masks lines that continue a secret: %s', (_what, lines, shown) => {
    expect(masked(lines)).toStrictEqual(shown);
  });
});

describe('secretPrefixes', () => {
  it('tells what stands before the secret of each line', () => {
    const lines = ['[a]', ' aws_session_token = T', '', '   T', ' region = x'];
    expect(secretPrefixes(lines)).toStrictEqual([undefined, ' aws_session_token =', undefined, '', undefined]);
  });
});
