# Runs a program on a terminal of its own and answers its questions in order, each when it is asked. Shows what the terminal showed.
# usage: dialogue.py JSON PROGRAM ARGUMENT...   where JSON is [[PATTERN, KEYS, COMMAND?], ...]: the command is run before the keys are pressed; no keys close the terminal; a question that does not come ends it after a minute
import json
import os
import pty
import re
import select
import subprocess
import sys

answers, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
shown = b""
asked = b""  # since the last answer
while True:
    if not select.select([terminal], [], [], 60)[0]:
        sys.exit(f"nothing like {answers[:1]} in a minute: {shown.decode(errors='replace')}")
    try:
        chunk = os.read(terminal, 4096)
    except OSError:  # Linux's way of saying that the other end is closed
        break
    if not chunk:
        break
    shown += chunk
    asked += chunk
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", asked.decode(errors="replace"))
    if answers and re.search(answers[0][0], plain):
        keys, *meanwhile = answers.pop(0)[1:]
        for line in meanwhile:
            subprocess.run(line, shell=True, check=True, stdout=subprocess.DEVNULL)
        if keys == "":
            os.close(terminal)  # as when the window is closed
            break
        os.write(terminal, keys.encode())
        asked = b""
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.stdout.buffer.write(shown)
if answers:
    sys.exit(f"it never asked {answers[0][0]}: {shown.decode(errors='replace')}")
sys.exit(status if status >= 0 else 128 - status)
