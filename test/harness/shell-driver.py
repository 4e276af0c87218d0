# Types lines and presses TAB after each in a real interactive shell; prints what then stands on the command line, as JSON.
# usage: shell-driver.py bash|zsh SETUP-FILE LINE...
import json
import os
import pty
import re
import select
import sys
import time

shell, setup, *lines = sys.argv[1:]
programs = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
# Control-G shows the line between marks. The prompt has a mark that the setup itself does not spell.
keys = {
    "bash": "bind -x '\"\\C-g\": printf \"<<%s>>\" \"$READLINE_LINE\"'; PS1=\"rea\"'dy$ '\n",
    "zsh": "show() { print -rn -- \"<<$BUFFER>>\" }; zle -N show; bindkey '^G' show; PROMPT=\"rea\"'dy$ '\n",
}
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="dumb", PS1="$ ")
    os.execvp(programs[shell][0], programs[shell])
seen = ""


def read_until(pattern, seconds):
    global seen
    end = time.monotonic() + seconds
    while not re.search(pattern, seen, re.S):
        if time.monotonic() > end or not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            sys.exit(f"nothing like {pattern} within {seconds} s in {seen!r}")
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            sys.exit(f"the shell ended: {seen!r}")
    return re.search(pattern, seen, re.S)


os.write(terminal, f". '{setup}'\n{keys[shell]}".encode())
read_until(r"ready\$ ", 15)
results = []
for line in lines:
    seen = ""
    os.write(terminal, f"{line}\t".encode())
    os.write(terminal, b"\x07")
    results.append(re.sub(r"[\r\n]", "", read_until(r"<<(.*?)>>", 15).group(1)))
    os.write(terminal, b"\x15")  # an empty line again
print(json.dumps(results))
os.write(terminal, b"exit\n")
