"""Runs a program whose stdout is a pipe of one page, in one of several manners, and tells how that ended.

narrow-pipe.py MANNER PROGRAM ARGUMENT...
  slow, slow-non-blocking  waits until the pipe is full, then reads it 100 bytes at a time, waiting for more after each
  leaves                   waits until the pipe is full, then closes it
  never                    a non-blocking pipe that nobody reads
Prints what was read; exits with the program's status.
"""

import fcntl
import os
import select
import subprocess
import sys

manner, command = sys.argv[1], sys.argv[2:]
page = 4096
reading, writing = os.pipe()
fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, page)
if manner in ("slow-non-blocking", "never"):
    os.set_blocking(writing, False)
program = subprocess.Popen(command, stdout=writing)


def wait_until_full():
    poll = select.poll()
    poll.register(writing, select.POLLOUT)
    while poll.poll(0) and program.poll() is None:
        os.sched_yield()


wait_until_full()
if manner == "leaves":
    os.close(reading)
    os.close(writing)
    sys.exit(program.wait())
if manner == "never":
    sys.exit(program.wait())
os.close(writing)
seen = bytearray()
while chunk := os.read(reading, 100):
    seen += chunk
sys.stdout.buffer.write(seen)
sys.exit(program.wait())
