import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AgentAnswer,
  type AgentRequest,
  acknowledgement,
  encodeAnswer,
  encodeRequest,
  maxAnswerBytes,
  maxLineBytes,
  maxRequestBytes,
  type PassReason,
  protocolVersion,
  readAnswer,
  readRequest,
  sentVariables,
  variablesToSend,
} from '../../src/agent/wire.ts';

const field = fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.replaceAll('\0', ''));
const variableName = field.map((text) => text.replaceAll('=', '')).filter((text) => text !== '');

const requests: fc.Arbitrary<AgentRequest> = fc.record({
  verb: fc.constantFrom('get', 'status', 'forget', 'unlock', 'lock', 'stop', 'sing'),
  argument: field,
  deadlineMs: fc.integer({ min: 0, max: 1e14 }),
  cwd: field,
  env: fc.dictionary(variableName, field, { noNullPrototype: true }),
});

const reasons: readonly PassReason[] = ['not-mine', 'config', 'version', 'verb', 'malformed'];
const answers: fc.Arbitrary<AgentAnswer> = fc.oneof(
  fc.record({
    kind: fc.constant('exit' as const),
    status: fc.integer({ min: 0, max: 255 }),
    bytes: fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
  }),
  fc.record({ kind: fc.constant('pass' as const), reason: fc.constantFrom(...reasons) }),
);

const sample: AgentRequest = {
  verb: 'get',
  argument: 'dev',
  deadlineMs: 1_767_000_003_800,
  cwd: '/home/alice',
  env: { HOME: '/home/alice', AWS_REGION: 'eu-west-1' },
};

function encoded(request: AgentRequest): Buffer {
  const bytes = encodeRequest(request);
  if (bytes === undefined) throw new Error('within the limits');
  return bytes;
}

/** The answer that these bytes are; undefined when they are none, or not all of one. */
function answerIn(bytes: Buffer): AgentAnswer | undefined {
  const progress = readAnswer(bytes);
  return progress.kind === 'answer' ? progress.answer : undefined;
}

function acknowledged(answer: AgentAnswer): Buffer {
  return Buffer.concat([acknowledgement, encodeAnswer(answer)]);
}

/** A request with this first line and body. */
function raw(line: string, body: string | Buffer = ''): Buffer {
  return Buffer.concat([Buffer.from(`${line}\n`), Buffer.from(body)]);
}

describe('a request', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(readRequest(encoded(request))).toEqual({ kind: 'request', request });
      }),
    );
  });

  it('is not there yet while any of its bytes is missing', () => {
    const whole = encoded(sample);
    const kinds = Array.from(whole, (_byte, length) => readRequest(whole.subarray(0, length)).kind);
    expect(new Set(kinds)).toEqual(new Set(['more']));
    fc.assert(
      fc.property(requests, fc.nat(), (request, at) => {
        const bytes = encoded(request);
        expect(readRequest(bytes.subarray(0, at % bytes.length)).kind).toBe('more');
      }),
    );
  });

  it('tells how many bytes it needs, as soon as that can be told', () => {
    const whole = encoded(sample);
    const lineEnd = whole.indexOf('\n') + 1;
    expect(readRequest(whole.subarray(0, 5))).toEqual({ kind: 'more', needsBytes: 6 });
    expect(readRequest(whole.subarray(0, lineEnd))).toEqual({ kind: 'more', needsBytes: whole.length });
    expect(readRequest(whole.subarray(0, -1))).toEqual({ kind: 'more', needsBytes: whole.length });
  });

  it('has the first value of a variable that is there twice, as a process sees it', () => {
    const body = 'get\0dev\x001\0/\0HOME=a\0X=1\0HOME=b\0';
    const read = readRequest(raw(`rolekeeper 1 ${body.length}`, body));
    expect(read).toMatchObject({ kind: 'request', request: { env: { HOME: 'a', X: '1' } } });
  });

  it('with bytes past its end is malformed', () => {
    fc.assert(
      fc.property(requests, fc.uint8Array({ minLength: 1, maxLength: 20 }), (request, more) => {
        const bytes = Buffer.concat([encoded(request), more]);
        expect(readRequest(bytes)).toEqual({ kind: 'refused', reason: 'malformed' });
      }),
    );
  });

  it('with a time in parts of a millisecond is sent with whole ones', () => {
    const progress = readRequest(encoded({ ...sample, deadlineMs: 1_767_000_003_800.6 }));
    expect(progress).toMatchObject({ kind: 'request', request: { deadlineMs: 1_767_000_003_801 } });
  });

  it('may set what JavaScript objects have by themselves', () => {
    const body = 'get\0dev\x001\0/\0__proto__=a\0constructor=b\0';
    const progress = readRequest(raw(`rolekeeper 1 ${body.length}`, body));
    const env = progress.kind === 'request' ? progress.request.env : {};
    expect(Object.entries(env)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it.each([
    ['rolekeeper 2 5', 'whatever'],
    ['rolekeeper 99999 0', ''],
    ['rolekeeper 0 3', 'abc'],
  ])('of another version (%s) is refused as such', (line, body) => {
    expect(readRequest(raw(line, body))).toEqual({ kind: 'refused', reason: 'version' });
  });

  it.each([
    ['no line of ours', raw('GET / HTTP/1.1', 'Host: x')],
    ['an empty line', raw('', 'rolekeeper')],
    ['something before our name', Buffer.from(`x${encoded(sample)}`)],
    ['something after the length', Buffer.from(encoded(sample).toString().replace('\n', ' 1\n'))],
    ['a line without a newline where one must have come', Buffer.alloc(maxLineBytes, 'r')],
    ['a length that is none', raw('rolekeeper 1 ten')],
    ['a negative length', raw('rolekeeper 1 -1')],
    ['a sign before the length', raw('rolekeeper 1 +1', 'a')],
    ['two spaces', raw('rolekeeper  1 1', 'a')],
    ['a carriage return', raw('rolekeeper 1 1\r', 'a')],
    ['one byte more than there may be', raw(`rolekeeper 1 ${maxRequestBytes + 1}`)],
    ['an empty body', raw('rolekeeper 1 0')],
    ['a body without its last NUL', raw('rolekeeper 1 11', 'get\0dev\x001\0/')],
    ['too few fields', raw('rolekeeper 1 10', 'get\0dev\x001\0')],
    ['a deadline that is no number', raw('rolekeeper 1 15', 'get\0dev\0soon\0/\0')],
    ['only a verb', raw('rolekeeper 1 4', 'get\0')],
    ['a unit after the deadline', raw('rolekeeper 1 13', 'get\0dev\x001s\0/\0')],
    ['a negative deadline', raw('rolekeeper 1 13', 'get\0dev\0-1\0/\0')],
    ['a variable without a value', raw('rolekeeper 1 17', 'get\0dev\x001\0/\0HOME\0')],
    ['a variable without a name', raw('rolekeeper 1 15', 'get\0dev\x001\0/\0=x\0')],
  ])('with %s is malformed', (_what, bytes) => {
    expect(readRequest(bytes)).toEqual({ kind: 'refused', reason: 'malformed' });
  });

  it('as large as it may be is taken', () => {
    const spare = maxRequestBytes - (encoded({ ...sample, argument: '' }).length - raw('rolekeeper 1 60').length);
    const largest = { ...sample, argument: 'x'.repeat(spare) };
    expect(encoded(largest).length).toBe(raw(`rolekeeper 1 ${maxRequestBytes}`).length + maxRequestBytes);
    expect(readRequest(encoded(largest)).kind).toBe('request');
    const larger = { ...sample, argument: 'x'.repeat(spare + 1) };
    expect(encodeRequest(larger)).toBeUndefined();
  });

  it('made of any bytes at all never makes the reader throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readRequest(Buffer.from(bytes))));
    fc.assert(
      fc.property(mutated(encoded(sample)), (bytes) => void readRequest(bytes)),
      { numRuns: 2_000 },
    );
  });
});

describe('an answer', () => {
  it('comes back as it was sent', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        expect(answerIn(acknowledged(answer))).toEqual(answer);
      }),
    );
  });

  it('is not there yet while any of its bytes is missing', () => {
    fc.assert(
      fc.property(answers, fc.nat(), (answer, at) => {
        const bytes = acknowledged(answer);
        expect(readAnswer(bytes.subarray(0, at % bytes.length)).kind).toBe('more');
      }),
    );
  });

  it('with bytes past its end is no answer', () => {
    fc.assert(
      fc.property(answers, fc.uint8Array({ minLength: 1, maxLength: 20 }), (answer, more) => {
        expect(readAnswer(Buffer.concat([acknowledged(answer), more])).kind).toBe('broken');
      }),
    );
  });

  it.each([
    ['another first byte', 'r'],
    ['no acknowledgement', 'rolekeeper 1 exit 0 2\n{}'],
    ['another version', '!rolekeeper 2 exit 0 2\n{}'],
    ['a status that no process can have', '!rolekeeper 1 exit 256 2\n{}'],
    ['a negative status', '!rolekeeper 1 exit -1 2\n{}'],
    ['a length that is none', '!rolekeeper 1 exit 0 two\n{}'],
    ['a number with a zero before it', '!rolekeeper 1 exit 00 2\n{}'],
    ['a length with a zero before it', '!rolekeeper 1 exit 0 02\n{}'],
    ['a reason that nobody has', '!rolekeeper 1 pass tired\n'],
    ['a reason and more', '!rolekeeper 1 pass verb\n{}'],
    ['more than a word for its reason', '!rolekeeper 1 pass verb 7\n'],
    ['something before a reason', '!xrolekeeper 1 pass verb\n'],
    ['something before a status', '!xrolekeeper 1 exit 0 2\n{}'],
    ['more than two numbers', '!rolekeeper 1 exit 0 2 2\n{}'],
    ['a larger document than there may be', `!rolekeeper 1 exit 0 ${maxAnswerBytes + 1}\n`],
    ['a line that does not end', `!${'r'.repeat(2 * maxLineBytes)}\n`],
    ['a line of some length that is not ours', `!${'r'.repeat(maxLineBytes - 2)}\n`],
    ['as many bytes as a line may have, and no newline', `!${'r'.repeat(maxLineBytes)}`],
  ])('with %s is no answer', (_what, text) => {
    expect(readAnswer(Buffer.from(text))).toEqual({ kind: 'broken' });
  });

  it.each(['', '!', `!${'r'.repeat(maxLineBytes - 1)}`])('may still come after %j', (text) => {
    expect(readAnswer(Buffer.from(text))).toEqual({ kind: 'more' });
  });

  it.each([0, 9, 10, 99, 100, 255])('may have the status %i', (status) => {
    const answer: AgentAnswer = { kind: 'exit', status, bytes: Buffer.from('x') };
    expect(acknowledged(answer).toString()).toBe(`!rolekeeper 1 exit ${status} 1\nx`);
    expect(answerIn(acknowledged(answer))).toEqual(answer);
  });

  it('may be as large as the limit, and no larger', () => {
    const largest: AgentAnswer = { kind: 'exit', status: 0, bytes: Buffer.alloc(maxAnswerBytes, 'a') };
    expect(answerIn(acknowledged(largest))).toEqual(largest);
    const larger: AgentAnswer = { kind: 'exit', status: 0, bytes: Buffer.alloc(maxAnswerBytes + 1, 'a') };
    expect(answerIn(acknowledged(larger))).toBeUndefined();
  });

  it('made of any bytes at all never makes the reader throw', () => {
    const whole = acknowledged({ kind: 'exit', status: 0, bytes: Buffer.from('{"Version":1}') });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void answerIn(Buffer.from(bytes))));
    fc.assert(
      fc.property(mutated(whole), (bytes) => void answerIn(bytes)),
      { numRuns: 2_000 },
    );
  });
});

describe('what is sent of an environment', () => {
  it('is what changes the answer, and all that begins with ROLEKEEPER_', () => {
    const env = {
      HOME: '/home/alice',
      ROLEKEEPER_STORE: 'age',
      AWS_REGION: 'eu-west-1',
      AWS_PROFILE: 'other',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'secret',
      PATH: '/bin',
      NODE_OPTIONS: '--inspect',
      NO_PROXY: undefined,
    };
    expect(variablesToSend(env)).toEqual({ HOME: '/home/alice', ROLEKEEPER_STORE: 'age', AWS_REGION: 'eu-west-1' });
  });

  it('is the token too, where the agent wants one; never the one that is in the environment', () => {
    expect(variablesToSend({ HOME: '/h' }, 'abc')).toEqual({ HOME: '/h', ROLEKEEPER_PIPE_TOKEN: 'abc' });
    expect(variablesToSend({ ROLEKEEPER_PIPE_TOKEN: 'old' })).toEqual({});
  });

  it('is never a secret of the caller', () => {
    expect(sentVariables.filter((name) => /SECRET|TOKEN|ACCESS_KEY|PASSWORD/.test(name))).toEqual([]);
  });
});

describe('the native front', () => {
  const source = readFileSync('src/front/front.c', 'utf8');

  function constant(name: string): number {
    return Number(new RegExp(`\\b${name} = (\\d+)`).exec(source)?.[1]);
  }

  it('sends the same variables', () => {
    const [, names = ''] = /names\[\] = \{([^}]*)\}/.exec(source) ?? [];
    expect([...names.matchAll(/"([^"]+)"/g)].map(([, name]) => name).sort()).toEqual([...sentVariables].sort());
    expect(source).toContain('strncmp(entry, "ROLEKEEPER_", 11) == 0');
  });

  it('has the same limits', () => {
    expect([constant('max_line'), constant('max_body'), constant('max_answer')]).toEqual([
      maxLineBytes,
      maxRequestBytes,
      maxAnswerBytes,
    ]);
  });

  it('speaks the same version, both ways', () => {
    expect(source).toContain(`"rolekeeper ${protocolVersion} %zu\\n"`);
    expect(source).toContain(`"${acknowledgement.toString()}rolekeeper ${protocolVersion} exit "`);
  });

  it('gives the fields in the same order', () => {
    expect(source).toContain('fields[] = {asked->verb, asked->profile, asked->deadline, directory}');
    expect(encoded({ ...sample, env: {} }).toString()).toMatch(/\nget\0dev\0\d+\0\/home\/alice\0$/);
  });
});

/** The bytes with a few changed, taken out or put in. */
function mutated(bytes: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), kind: fc.constantFrom('set', 'drop', 'add') });
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => {
    const result = [...bytes];
    for (const { at, byte, kind } of changes) {
      const position = at % (result.length + 1);
      if (kind === 'set') result[position] = byte;
      else result.splice(position, kind === 'drop' ? 1 : 0, ...(kind === 'drop' ? [] : [byte]));
    }
    return Buffer.from(result);
  });
}
