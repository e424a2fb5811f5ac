# SPDX-License-Identifier: AGPL-3.0-or-later
"""strace at a process of ours: which calls it makes, and what befalls it at one of them.

strace counts each kind of call by itself, so a point of a run is (call, how many-th of its kind).
"""
import pathlib
import re
import subprocess
import threading
import time

CALL = re.compile(r"^[\d. ]*([a-z]\w*)\(")   # behind a pid and a time, where there are


class Tracer:
    """Attached when it is made; `hit` when what was asked for was done to the process. files: only the
    calls upon them are traced, counted and met."""

    def __init__(self, pid, output, calls=None, inject=None, files=()):
        words = ["strace", "-ttt", "-o", str(output), "-p", str(pid)]
        words += [word for file in files for word in ("-P", str(file))]
        words += ["-e", f"trace={calls}"] if calls else []
        words += ["-e", f"inject={inject}"] if inject else []
        self.output, self.ended = pathlib.Path(output), None
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        first = self.process.stderr.readline()
        self.attached = "attached" in first
        self.trouble = "" if self.attached else first
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def watch(self):
        """The instant of the process's death, as nearly as we can tell."""
        self.process.stderr.read()
        self.process.wait()
        self.ended = time.time()

    def stop(self):
        """True: the process died under our eyes."""
        died = self.process.poll() is not None
        self.process.terminate()
        self.watcher.join()
        return died

    def text(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def hits(self):
        """The instants at which a call was made to fail."""
        return [float(line.split()[0]) for line in self.text().splitlines() if line.endswith("(INJECTED)")]


def calls_of(text):
    """The names of the calls of a trace, in their order; those that were resumed are told once."""
    found = (CALL.match(line) for line in text.splitlines())
    return [match.group(1) for match in found if match and match.group(1) != "restart_syscall"]


def points_of(calls):
    """(call, nth of its kind) for each call in its order."""
    seen = {}
    for call in calls:
        seen[call] = seen.get(call, 0) + 1
        yield call, seen[call]
