// The variables by which systemd hands over a socket (sd_listen_fds(3)), out of an environment that may hold anything: a wrong guess would have
// the agent listen on a file that is not its own.

import { inheritedSocket } from '../../../src/commands/inherited-socket.ts';
import { must, pureTarget } from '../target.ts';

const pid = 4_711;

export const listenFdsTarget = pureTarget({
  name: 'listen-fds',
  tokens: [
    'LISTEN_PID=',
    'LISTEN_FDS=',
    `${pid}`,
    '1',
    '3',
    '0',
    '-1',
    '0x1',
    '1e0',
    '\0',
    'LISTEN_FDNAMES=agent',
    '=',
    ' ',
    '\n',
    '01',
  ],
  endings: ['ours', 'not ours'],
  check: (input) => {
    const entries = input
      .toString('utf8')
      .split('\0')
      .map((entry) => entry.split('='));
    const env = Object.fromEntries(entries.map(([name = '', ...value]) => [name, value.join('=')]));
    const place = inheritedSocket(env, pid);
    // In another way than ours: a number is what prints as it was written.
    const count = Number(env['LISTEN_FDS']);
    const isMeant =
      env['LISTEN_PID'] === `${pid}` &&
      Number.isSafeInteger(count) &&
      count > 0 &&
      count < 1e9 &&
      `${count}` === env['LISTEN_FDS'];
    must((place !== undefined) === isMeant, 'a socket is taken exactly when it is meant for us');
    must(place === undefined || ('fd' in place && place.fd === 3), 'it is the first of them');
    return place === undefined ? 'not ours' : 'ours';
  },
});
