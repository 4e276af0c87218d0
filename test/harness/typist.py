# Runs a program on a terminal of its own and types the same answer whenever it asks for a passphrase or a secret access key. Shows what the terminal showed.
# usage: typist.py ANSWER PROGRAM ARGUMENT...
import os
import pty
import re
import sys

answer, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown = b""
line = b""  # what it shows after the last line end
is_answered = False  # a question may be drawn again after the answer, on the same line
while True:
    try:
        chunk = os.read(terminal, 1024)
    except OSError:  # Linux's way of saying that the other end is closed
        break
    if not chunk:
        break
    shown += chunk
    if b"\n" in chunk:
        is_answered = False
    line = (line + chunk).split(b"\n")[-1]
    plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", line)
    if not is_answered and re.search(rb"(phrase|once more|access key)[^\r]*(:|\[input is masked\])\s*$", plain):
        is_answered = True
        os.write(terminal, answer.encode() + b"\r")
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(shown)
sys.exit(0 if status == 0 else shown.decode(errors="replace"))
