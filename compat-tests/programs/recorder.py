#!/usr/bin/env python3
"""An event listener that writes down every byte it gets: recorder.py FILE [SCRIPT [UNIT]].

SCRIPT is a list of answers, one per event, the last one repeated:
  ok, fail    the two results every listener knows
  bad         a result line that is none
  noise       bytes before READY
  empty       a result of no bytes, then a pause
  die         ends with an event in hand
  hang        never answers

UNIT is what the `len` of a header is taken for: characters, or bytes.
"""

import os
import sys
import time

ANSWERS = {"ok": b"RESULT 2\nOK", "fail": b"RESULT 4\nFAIL", "bad": b"RESULT many\n", "empty": b"RESULT 0\n"}


def read(count):
    data = b""
    while len(data) < count:
        part = os.read(0, count - len(data))
        if not part:
            sys.exit(0)
        data += part
    return data


def main():
    path, script = sys.argv[1], (sys.argv[2] if len(sys.argv) > 2 else "ok").split(",")
    in_bytes = sys.argv[3:] == ["bytes"]
    if script[0] == "noise":
        os.write(1, b"hello there\n")
        script.pop(0)
    while True:
        os.write(1, b"READY\n")
        header = b""
        while not header.endswith(b"\n"):
            header += read(1)
        fields = dict(pair.split(":", 1) for pair in header.decode().split())
        payload = read(int(fields["len"])) if in_bytes else b""
        # One byte at a time until so many characters are there.
        while not in_bytes and len(payload.decode(errors="ignore")) < int(fields["len"]):
            payload += read(1)
        with open(path, "ab") as log:
            log.write(header + payload + b"\n----\n")
        answer = script.pop(0) if len(script) > 1 else script[0]
        if answer == "die":
            sys.exit(9)
        if answer == "hang":
            time.sleep(1000)
        os.write(1, ANSWERS[answer])
        if answer == "empty":
            time.sleep(5)


main()
