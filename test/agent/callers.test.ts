import { beforeEach, describe, expect, it } from 'vitest';
import { type CallerPlace, type CallerPorts, Callers } from '../../src/agent/callers.ts';
import { parseConfigFile, parseCredentialsFile } from '../../src/config/aws-config.ts';
import { parseProfileName } from '../../src/config/names.ts';
import type { ConfigFiles } from '../../src/config/profile-settings.ts';
import { AppError } from '../../src/errors.ts';

const dev = parseProfileName('dev');

function filesOf(role: string): ConfigFiles {
  const text = `[profile corp]\nregion = eu-west-1\n[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/${role}\nsource_profile = corp\n`;
  return { config: parseConfigFile(text, '/c'), credentials: parseCredentialsFile('', '/k') };
}

let files: ConfigFiles | Error;
let places: { readonly env: CallerPorts['env']; readonly cwd: string }[];
beforeEach(() => {
  files = filesOf('Dev');
  places = [];
});

function open(env: CallerPorts['env'] = {}): Callers {
  return new Callers({
    env,
    placeOf: (sent, cwd): CallerPlace => {
      places.push({ env: sent, cwd });
      return { home: sent['HOME'] ?? '/home/alice', stateDirectory: '/state', configPath: '/c', credentialsPath: '/k' };
    },
    readFiles: () => {
      if (files instanceof Error) throw files;
      return files;
    },
  });
}

describe('callers', () => {
  it('with one environment are one, whatever order its variables come in', () => {
    const callers = open();
    const one = callers.of({ env: { HOME: '/h', AWS_REGION: 'eu-west-1' }, cwd: '/' });
    expect(callers.of({ env: { AWS_REGION: 'eu-west-1', HOME: '/h' }, cwd: '/' })).toBe(one);
    expect(callers.of({ env: { HOME: '/h', AWS_REGION: 'us-east-1' }, cwd: '/' })).not.toBe(one);
  });

  // Each directory of a shell was another caller, with recipes and a look at the files of its own.
  it('in different directories are one, unless a path of theirs depends on it', () => {
    const callers = open();
    const env = { AWS_CONFIG_FILE: '/c' };
    expect(callers.of({ env, cwd: '/a' })).toBe(callers.of({ env, cwd: '/b' }));
    const relative = { AWS_CONFIG_FILE: 'config' };
    expect(callers.of({ env: relative, cwd: '/a' })).not.toBe(callers.of({ env: relative, cwd: '/b' }));
    expect(places.map(({ cwd }) => cwd)).toEqual(['/', '/a', '/b']);
  });

  it.each(['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE'])(
    'are several where %s alone is relative, and one where it is empty',
    (name) => {
      const callers = open();
      const others = { AWS_CONFIG_FILE: '/c', AWS_SHARED_CREDENTIALS_FILE: '/k', AWS_CA_BUNDLE: '/b' };
      const [relative, empty] = [
        { ...others, [name]: 'here' },
        { ...others, [name]: '' },
      ];
      expect(callers.of({ env: relative, cwd: '/a' })).not.toBe(callers.of({ env: relative, cwd: '/b' }));
      expect(callers.of({ env: empty, cwd: '/a' })).toBe(callers.of({ env: empty, cwd: '/b' }));
      expect(places.map(({ cwd }) => cwd)).toEqual(['/a', '/b', '/']);
    },
  );

  it.each([
    ['ca.pem', '/work/ca.pem'],
    [' ca.pem\t', '/work/ca.pem'],
    ['/etc/ca.pem', '/etc/ca.pem'],
    ['', ''],
    [' ', ' '],
  ])('that name the CA bundle %j mean %j', (sent, meant) => {
    const { env } = open().of({ env: { AWS_CA_BUNDLE: sent }, cwd: '/work' });
    expect(env).toStrictEqual({ AWS_CA_BUNDLE: meant });
  });

  it('that name a CA bundle by a relative path mean the one in their own directory', () => {
    const callers = open();
    const { recipe } = callers.of({ env: { AWS_CA_BUNDLE: 'ca.pem' }, cwd: '/home/alice/work' });
    expect(recipe(dev).network.caBundle).toBe('/home/alice/work/ca.pem');
    expect(callers.of({ env: { AWS_CA_BUNDLE: '/etc/ca.pem' }, cwd: '/tmp' }).recipe(dev).network.caBundle).toBe('/etc/ca.pem');
    expect(callers.of({ env: { AWS_CA_BUNDLE: '' }, cwd: '/tmp' }).recipe(dev).network.caBundle).toBeUndefined();
  });

  it('without a session bus use that of the agent', () => {
    const callers = open({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/own', XDG_RUNTIME_DIR: '/run/user/1', AWS_REGION: 'us-east-1' });
    expect(callers.of({ env: { HOME: '/h' }, cwd: '/' }).env).toEqual({
      HOME: '/h',
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/own',
      XDG_RUNTIME_DIR: '/run/user/1',
    });
  });

  it.each([
    ['no more than an address', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/own' }],
    ['no more than a directory', { XDG_RUNTIME_DIR: '/run/user/1' }],
    ['none at all', {}],
  ])('without a session bus use that of an agent that has %s', (_what, own) => {
    expect(open(own).of({ env: {}, cwd: '/' }).env).toStrictEqual(own);
  });

  it('with a session bus of their own keep it, and get no part of the other', () => {
    const callers = open({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/own', XDG_RUNTIME_DIR: '/run/user/1' });
    const env = { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/theirs' };
    expect(callers.of({ env, cwd: '/' }).env).toEqual(env);
    expect(callers.of({ env: { XDG_RUNTIME_DIR: '/run/user/2' }, cwd: '/' }).env).toEqual({ XDG_RUNTIME_DIR: '/run/user/2' });
  });

  it('are kept up to a bound, the oldest being opened anew', () => {
    const callers = open();
    const first = callers.of({ env: { HOME: '/0' }, cwd: '/' });
    for (let n = 1; n < 64; n++) callers.of({ env: { HOME: `/${n}` }, cwd: '/' });
    expect(callers.of({ env: { HOME: '/0' }, cwd: '/' })).toBe(first);
    callers.of({ env: { HOME: '/64' }, cwd: '/' });
    expect(callers.of({ env: { HOME: '/0' }, cwd: '/' })).not.toBe(first);
  });
});

describe('a caller', () => {
  it('has one recipe as long as the files stay as they are', () => {
    const caller = open().of({ env: {}, cwd: '/' });
    const before = caller.recipe(dev);
    expect(caller.recipe(dev)).toBe(before);
    files = filesOf('Ops');
    expect(caller.recipe(dev).hops.at(-1)).toMatchObject({ request: { roleArn: 'arn:aws:iam::222233334444:role/Ops' } });
  });

  it('is told what is wrong with the files, and works again when they are mended', () => {
    const caller = open().of({ env: {}, cwd: '/' });
    files = new AppError('config-malformed', { path: '/c', line: 1, problem: 'no bracket' });
    expect(() => caller.recipe(dev)).toThrow('/c:1: no bracket');
    files = filesOf('Dev');
    expect(caller.recipe(dev).profile).toBe('dev');
  });

  it('has one stamp as long as the files stay as they are, and never throws for it', () => {
    const callers = open();
    const [one, other] = [callers.of({ env: {}, cwd: '/' }), callers.of({ env: { HOME: '/h' }, cwd: '/' })];
    const before = one.filesStamp();
    expect([before, one.filesStamp(), other.filesStamp()]).toEqual(['1', '1', '1']);
    const sameAsBefore = files;
    files = filesOf('Dev');
    expect([other.filesStamp(), one.filesStamp()]).toEqual(['2', '2']);
    files = new AppError('config-malformed', { path: '/c', line: 1, problem: 'no bracket' });
    expect(one.filesStamp()).toBe('/c:1: no bracket');
    files = sameAsBefore;
    expect(one.filesStamp()).toBe('1');
  });

  it('has no stamp where something else than the files is wrong', () => {
    const caller = open().of({ env: {}, cwd: '/' });
    files = new TypeError('a slip');
    expect(() => caller.filesStamp()).toThrow(files);
  });

  it('is answered from its own environment', () => {
    const callers = open();
    const region = (AWS_REGION: string) =>
      callers
        .of({ env: { AWS_REGION }, cwd: '/' })
        .recipe(dev)
        .hops.flatMap((hop) => (hop.kind === 'role' ? hop.endpoint.region : []));
    files = {
      ...filesOf('Dev'),
      config: parseConfigFile(
        '[profile corp]\n[profile dev]\nrole_arn = arn:aws:iam::222233334444:role/Dev\nsource_profile = corp\n',
        '/c',
      ),
    };
    expect([...region('eu-west-1'), ...region('us-east-1')]).toEqual(['eu-west-1', 'us-east-1']);
  });
});
