# Runs a program that draws pictures on a terminal of its own, eighty columns wide: after the first the terminal becomes wider, after the
# second somebody presses Ctrl-C. Writes all that the terminal showed; ends as the program did.
# usage: watcher.py PROGRAM ARGUMENT...
import fcntl
import os
import struct
import subprocess
import sys
import termios

picture_end = b"\x1b[?2026l"


def resize(columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))


def take_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


terminal, inner = os.openpty()
resize(80)
program = subprocess.Popen(sys.argv[1:], stdin=inner, stdout=inner, stderr=inner, preexec_fn=take_terminal)
os.close(inner)
shown, is_wide, is_stopped = b"", False, False
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:  # Linux's way of saying that the other end is closed
        break
    if not chunk:
        break
    shown += chunk
    pictures = shown.count(picture_end)
    if pictures > 0 and not is_wide:
        is_wide = True
        resize(130)
    elif pictures > 1 and not is_stopped:
        is_stopped = True
        os.write(terminal, b"\x03")
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(program.wait())
