import { describe, expect, it } from 'vitest';
import { recipeFrom, refusalFrom } from './recipe-from.ts';

const keysFile = '[corp]\naws_access_key_id = AKIACORP\naws_secret_access_key = secret\n';
const endpoint = { region: 'us-east-1', useFips: false, useDualstack: false, useGlobal: false };

function device(name: string): string {
  return `arn:aws:iam::123456789012:mfa/${name}`;
}

function arn(name: string): string {
  return `arn:aws:iam::222233334444:role/${name}`;
}

/** dev → mid → corp, each with settings of its own. */
function chain({
  dev = '',
  mid = '',
  corp = '',
}: {
  readonly dev?: string;
  readonly mid?: string;
  readonly corp?: string;
}): string {
  return [
    `[profile dev]\nrole_arn = ${arn('Dev')}\nsource_profile = mid\n${dev}\n`,
    `[profile mid]\nrole_arn = ${arn('Mid')}\nsource_profile = corp\n${mid}\n`,
    `[profile corp]\n${corp}\n`,
  ].join('');
}

describe('the hops behind keys', () => {
  it('a session and two roles: each with all that it has, and nothing else', () => {
    const { keys, hops, loginTarget } = recipeFrom(chain({ corp: `mfa_serial = ${device('corp')}` }));
    expect(keys).toStrictEqual({ name: 'corp', endpoint });
    expect(hops).toStrictEqual([
      { kind: 'session', durationSeconds: 43_200, mfaSerial: device('corp'), endpoint },
      { kind: 'role', request: { roleArn: arn('Mid'), durationSeconds: 3600 }, endpoint },
      { kind: 'role', request: { roleArn: arn('Dev'), durationSeconds: 3600 }, endpoint },
    ]);
    expect(loginTarget).toBe('corp');
  });

  it('without a device there is no session before a role, and none has a serial', () => {
    expect(recipeFrom(chain({ mid: 'duration_seconds = 7200' })).hops).toStrictEqual([
      { kind: 'role', request: { roleArn: arn('Mid'), durationSeconds: 7200 }, endpoint },
      { kind: 'role', request: { roleArn: arn('Dev'), durationSeconds: 3600 }, endpoint },
    ]);
  });

  it('a session of keys alone may be without a device', () => {
    expect(recipeFrom('[profile corp]\n', { profile: 'corp', credentials: keysFile }).hops).toStrictEqual([
      { kind: 'session', durationSeconds: 43_200, endpoint },
    ]);
  });

  it('of a role that takes the code itself the serial is on that role alone, and its profile is where to log in', () => {
    const { hops, loginTarget } = recipeFrom(chain({ mid: 'duration_seconds = 3601', corp: `mfa_serial = ${device('corp')}` }));
    expect(hops).toStrictEqual([
      { kind: 'role', request: { roleArn: arn('Mid'), durationSeconds: 3601 }, mfaSerial: device('corp'), endpoint },
      { kind: 'role', request: { roleArn: arn('Dev'), durationSeconds: 3600 }, endpoint },
    ]);
    expect(loginTarget).toBe('dev');
  });

  it.each([
    ['NONE', 'role'],
    ['yes', 'session'],
  ])('with session = %s the code is taken by the %s', (word, kind) => {
    const { hops } = recipeFrom(chain({ corp: `mfa_serial = ${device('corp')}\nsession = ${word}` }));
    expect(hops[0]).toMatchObject({ kind, mfaSerial: device('corp') });
  });

  it('temporary keys take no code: AWS refuses one from them', () => {
    const credentials = `${keysFile}aws_session_token = token\n`;
    expect(recipeFrom(chain({ corp: `mfa_serial = ${device('corp')}` }), { credentials }).hops).toStrictEqual([
      { kind: 'role', request: { roleArn: arn('Mid'), durationSeconds: 3600 }, endpoint },
      { kind: 'role', request: { roleArn: arn('Dev'), durationSeconds: 3600 }, endpoint },
    ]);
  });

  // The nearest to the keys, which sign: AWS takes a code nowhere else.
  it.each([
    ['of the first role', { dev: 'dev', mid: 'mid', corp: 'corp' }, 'mid', 'dev'],
    ['of the keys', { dev: 'dev', corp: 'corp' }, 'corp', 'corp'],
    ['of any other role', { dev: 'dev' }, 'dev', 'dev'],
  ])('the device is that %s', (_whose, names, serial, target) => {
    const settings = Object.entries(names).map(([profile, name]) => [profile, `mfa_serial = ${device(name)}`]);
    const { hops, loginTarget } = recipeFrom(chain(Object.fromEntries(settings)));
    expect(hops[0]).toMatchObject({ kind: 'session', mfaSerial: device(serial) });
    expect(loginTarget).toBe(target);
  });

  it.each<[string, Parameters<typeof chain>[0], number]>([
    ['the keys', { corp: 'session_duration_seconds = 900', mid: 'session_duration_seconds = 1000' }, 900],
    ['the first role', { mid: 'session_duration_seconds = 1000', dev: 'session_duration_seconds = 1100' }, 1000],
    ['the last role', { dev: 'session_duration_seconds = 1100' }, 1100],
  ])('the session lasts as %s say', (_who, settings, durationSeconds) => {
    const { mid = '', ...rest } = settings;
    const { hops } = recipeFrom(chain({ ...rest, mid: `mfa_serial = ${device('mid')}\n${mid}` }));
    expect(hops[0]).toMatchObject({ kind: 'session', durationSeconds });
  });
});

describe('what a person is told', () => {
  const short = (profile: string, seconds: number) =>
    `"${profile}": duration_seconds ${seconds} is short: AWS's CLI and boto3 ask again when 15 minutes are left`;
  const lowered = (seconds: number) =>
    `"dev": duration_seconds ${seconds} lowered to 3600, AWS's limit for a role behind a session or another role`;

  it.each<[string, readonly string[]]>([
    ['1799', [short('dev', 1799)]],
    ['1800', []],
    ['3600', []],
    ['3601', [lowered(3601)]],
  ])('of a role behind another with %s seconds', (seconds, notes) => {
    expect(recipeFrom(chain({ dev: `duration_seconds = ${seconds}` })).notes).toStrictEqual(notes);
  });

  it.each<[string, readonly string[]]>([
    ['duration_seconds = 1799', [short('dev', 1799)]],
    ['duration_seconds = 1800', []],
    ['', []],
  ])('of a role by SAML with %j', (line, notes) => {
    const config = `[profile dev]\nrole_arn = ${arn('Dev')}\nsaml_process = print\n${line}\n`;
    expect(recipeFrom(config).notes).toStrictEqual(notes);
  });

  it('of keys that stand in a file', () => {
    const { keys, notes } = recipeFrom('[rolekeeper corp]\nkeys = other\n', { profile: 'corp', credentials: keysFile });
    expect(notes).toStrictEqual(['keys in plaintext in credentials:2; run `rolekeeper import other`']);
    expect(keys).toMatchObject({ name: 'other', plaintext: { accessKeyId: 'AKIACORP', path: 'credentials', line: 2 } });
  });
});

describe('where the hops ask', () => {
  const regionsOf = (config: string, env = {}) =>
    recipeFrom(config, { env }).hops.map((hop) => ('endpoint' in hop ? hop.endpoint.region : undefined));

  it('a role has the region of the profile before it when it has none itself', () => {
    expect(regionsOf(chain({ mid: 'region = eu-west-2', corp: 'region = eu-west-3' }))).toEqual(['eu-west-2', 'eu-west-2']);
    expect(regionsOf(chain({ corp: 'region = eu-west-3' }))).toEqual(['eu-west-3', 'us-east-1']);
  });

  it('where nobody names a region, the partition of the role does: for the session, the roles and a token', () => {
    const china = (config: string) => config.replaceAll('arn:aws:', 'arn:aws-cn:');
    expect(regionsOf(china(chain({ corp: `mfa_serial = ${device('corp')}` })))).toEqual(Array(3).fill('cn-north-1'));
    expect(regionsOf(china(`[profile dev]\nrole_arn = ${arn('Dev')}\nweb_identity_token_file = /t\n`))).toEqual(['cn-north-1']);
  });

  it("the session is at the caller's endpoint, whatever the caller's region", () => {
    const env = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-2', AWS_ENDPOINT_URL_STS: 'http://127.0.0.1:1' };
    const { keys, hops } = recipeFrom(chain({ corp: `mfa_serial = ${device('corp')}` }), { env });
    const there = { ...endpoint, url: 'http://127.0.0.1:1' };
    expect(keys?.endpoint).toStrictEqual(there);
    expect(hops.map((hop) => 'endpoint' in hop && hop.endpoint)).toStrictEqual([
      there,
      { ...there, region: 'eu-west-1' },
      { ...there, region: 'eu-west-1' },
    ]);
  });
});

describe('settings of the hops that AWS would refuse', () => {
  it.each([
    [
      chain({ corp: 'mfa_serial = short' }),
      '(dev → mid → corp): mfa_serial: has 5 characters, and AWS takes 9 to 256',
      'change the setting mfa_serial',
    ],
    [chain({ corp: 'keys = -x' }), '(dev → mid → corp): "-x" cannot be a profile name', 'change the setting `keys`'],
    [
      chain({ mid: 'region = a/b' }),
      '(dev → mid → corp): region = "a/b" is not a region',
      'check region and endpoint_url of [profile mid]',
    ],
    [
      chain({ corp: 'endpoint_url = nowhere' }),
      '(dev → mid → corp): endpoint_url = "nowhere" is not a URL',
      'check region and endpoint_url of [profile corp]',
    ],
    [
      chain({ mid: 'duration_seconds = 1' }),
      '(dev → mid → corp): duration_seconds: "1" is not a number of seconds from 900 to 43200',
      'change duration_seconds in [profile mid]',
    ],
  ])('are named, with what to change (%#)', (config, problem, hint) => {
    expect(refusalFrom(config)).toStrictEqual([`profile "dev" ${problem}`, hint]);
  });
});
