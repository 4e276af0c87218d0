# Runs a command as the strictest caller would. stdout is a packet pipe (pipe2(2), O_DIRECT): each write arrives as one read. stdin holds
# one byte and stays open. Prints one JSON document: what arrived, and what is left of stdin.
import fcntl
import json
import os
import subprocess
import sys

stdin_read, stdin_write = os.pipe()
os.write(stdin_write, b"x")
stdout_read, stdout_write = os.pipe2(os.O_DIRECT)
child = subprocess.Popen(sys.argv[1:], stdin=stdin_read, stdout=stdout_write, stderr=subprocess.PIPE)
os.close(stdout_write)
packets = []
while packet := os.read(stdout_read, 65536):
    packets.append(packet.hex())
stderr = child.stderr.read()
status = child.wait(timeout=30)
fcntl.fcntl(stdin_read, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    left = os.read(stdin_read, 65536)
except BlockingIOError:
    left = b""
print(json.dumps({"packets": packets, "stderr": stderr.decode(), "status": status, "stdinLeft": left.decode()}))
