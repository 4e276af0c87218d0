import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execValue, planAutostart } from '../../src/service/xdg-autostart.ts';
import { runProgram } from '../harness/run-program.ts';
import { linuxPlace } from './service-places.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'rk-autostart-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** As desktops do it: GLib reads the entry. */
async function launchedWords(text: string): Promise<unknown> {
  const path = join(directory, 'entry.desktop');
  writeFileSync(path, text);
  const program = `
import ctypes, json, sys
glib = ctypes.CDLL('libglib-2.0.so.0')
for name, result in (('g_key_file_new', ctypes.c_void_p), ('g_key_file_get_string', ctypes.c_char_p)):
    getattr(glib, name).restype = result
file = ctypes.c_void_p(glib.g_key_file_new())
assert glib.g_key_file_load_from_file(file, sys.argv[1].encode(), 0, None)
exec_ = glib.g_key_file_get_string(file, b'Desktop Entry', b'Exec', None)
argc, argv = ctypes.c_int(), ctypes.POINTER(ctypes.c_char_p)()
assert glib.g_shell_parse_argv(exec_, ctypes.byref(argc), ctypes.byref(argv), None)
print(json.dumps([argv[i].decode() for i in range(argc.value)]))`;
  const { status, stdout, stderr } = await runProgram('python3', ['-c', program, path], { install: 'libglib2.0-0' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe('planAutostart', () => {
  it('planAutostart starts the agent with the desktop, and now', () => {
    const { files, start } = planAutostart('agent', linuxPlace());
    expect(files[0]?.path).toBe('/home/alice/.config/autostart/rolekeeper-agent.desktop');
    expect(files[0]?.text).toContain('\nExec=/usr/bin/node /usr/local/lib/rolekeeper/dist/rolekeeper agent run\n');
    expect(start).toEqual([
      { words: ['/usr/bin/node', '/usr/local/lib/rolekeeper/dist/rolekeeper', 'agent', 'run'], isDetached: true },
    ]);
  });

  it('planAutostart keeps paths and variables that entries read in their own way', async () => {
    const odd = '/home/a b/"c" \\d `e` $F';
    const { files } = planAutostart('agent', linuxPlace({ program: ['/usr/bin/node', odd], env: { ROLEKEEPER_STATE_DIR: odd } }));
    expect(await launchedWords(files[0]?.text ?? '')).toEqual([
      '/usr/bin/env',
      `ROLEKEEPER_STATE_DIR=${odd}`,
      '/usr/bin/node',
      odd,
      'agent',
      'run',
    ]);
    expect(execValue(['/50%'])).toBe('/50%%');
  });

  it('planAutostart has no timer, and says how to have one all the same', () => {
    expect(() => planAutostart('timer', linuxPlace())).toThrowError(
      expect.objectContaining({ hint: expect.stringContaining('*/5 * * * * /usr/bin/node') }),
    );
  });
});
