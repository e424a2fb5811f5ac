# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asks our readers (oracle_say.c) and keeps account of where others read otherwise."""
import json
import subprocess


class Say:
    """One process that answers question after question."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, kind, octets):
        self.process.stdin.write(b"%s %d\n" % (kind.encode(), len(octets)) + octets)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"oracle_say died of {kind} {octets[:2000]!r}")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise AssertionError("oracle_say did not end well")


class Account:
    """Comparisons made and differences found. What is known is a row {key: reason}: where a row
    no longer occurs, that is a finding, too."""

    def __init__(self, name, known):
        self.name, self.known = name, known
        self.asked, self.counts, self.seen, self.findings = 0, {}, set(), []

    def count(self, word, number=1):
        self.counts[word] = self.counts.get(word, 0) + number

    def differs(self, key, what):
        """key: what a row of the table is called by."""
        if key in self.known:
            self.seen.add(key)
            self.count("known")
        else:
            self.findings.append(f"{self.name}: {key}: {what}")

    def end(self):
        """Tells, and returns whether all is well."""
        self.findings += [f"{self.name}: {key} differs no more ({reason})" for key, reason in self.known.items()
                          if key not in self.seen]
        for finding in self.findings[:40]:
            print(" ", finding)
        if len(self.findings) > 40:
            print(f"  ... and {len(self.findings) - 40} more")
        told = ", ".join(f"{number} {word}" for word, number in sorted(self.counts.items()))
        print(f"oracle {self.name}: {self.asked} compared{', ' if told else ''}{told}, {len(self.findings)} findings", flush=True)
        return not self.findings
