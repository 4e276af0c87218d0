#!/usr/bin/env python3
# Stands in for pinentry, as strict as the real one: one command a line, arguments percent-encoded, no command before its answer, lines of at
# most 1000 bytes. Logs each prompt as one line of $PROMPTS, and answers with the next line of $ANSWERS: digits, `cancel`, `wait`, `none`,
# or `now`: the code that the device of the test world's alice shows at this moment (RFC 6238).
import base64
import hmac
import os
import re
import struct
import sys
import time

def say(line):
    os.write(1, (line + "\n").encode())

def fail(code, words):
    say(f"ERR {code} {words} <Pinentry>")

def code_now():
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.new(base64.b32decode("JBSWY3DPEHPK3PXP"), counter, "sha1").digest()
    number = struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF
    return f"{number % 1000000:06}"

def next_answer():
    path = os.environ["ANSWERS"]
    lines = open(path).read().split("\n")
    open(path, "w").write("\n".join(lines[1:]))
    return lines[0]

description = ""
say("OK Pleased to meet you, process " + str(os.getpid()))
buffer = b""
while True:
    chunk = os.read(0, 4096)
    if not chunk:
        sys.exit(0)
    buffer += chunk
    if b"\n" not in buffer:
        continue
    line, buffer = buffer.split(b"\n", 1)
    if buffer:
        sys.exit("a command before the answer to the one before")
    if len(line) > 1000:
        sys.exit("a line of more than 1000 bytes")
    command, _, argument = line.decode().partition(" ")
    if re.search(r"%(?![0-9A-F]{2})", argument):
        fail(83886363, "Syntax error")
    elif command in ("SETTITLE", "SETPROMPT", "OPTION"):
        say("OK")
    elif command == "SETDESC":
        description = re.sub("%([0-9A-F]{2})", lambda hex: chr(int(hex[1], 16)), argument)
        say("OK")
    elif command == "GETPIN":
        with open(os.environ["PROMPTS"], "a") as prompts:
            prompts.write(description + "\n")
        answer = next_answer()
        if answer == "cancel":
            fail(83886179, "Operation cancelled")
        elif answer == "none":
            fail(83918950, "Inappropriate ioctl for device")
        elif answer == "wait":
            time.sleep(120)
        else:
            time.sleep(float(os.environ.get("THINKING", "0")))
            say("# a comment that means nothing")
            say("S BUTTON_INFO close")
            if answer == "now":
                answer = code_now()
            if answer:
                say("D " + answer.replace("%", "%25"))
            say("OK")
    elif command == "BYE":
        say("OK closing connection")
        sys.exit(0)
    else:
        fail(536871187, "Unknown IPC command")
