#!/usr/bin/env python3
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs a program under the SystemCallFilter of a unit, as systemd would: unit_filter.py UNIT PROGRAM [WORDS]

Which calls a group has is asked of the systemd that is installed; a group it does not know is a failure here,
where systemd itself would only leave it out.
"""
import ctypes
import os
import re
import subprocess
import sys

ALLOW, ERRNO_EPERM = 0x7FFF0000, 0x00050000 | 1


def calls_of(name):
    """Names of calls; of a group those of the groups in it, too."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"unit_filter: systemd knows no {name}: {done.stderr.strip()}")
    found = set()
    for word in re.findall(r"^    ([@a-z0-9_-]+)$", done.stdout, re.M):
        found |= calls_of(word)
    return found


def main():
    with open(sys.argv[1], encoding="utf-8") as unit:
        groups = re.findall(r"^SystemCallFilter=(.*)$", unit.read(), re.M)[0].split()
    names = set().union(*map(calls_of, groups), calls_of("@default"))
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(ERRNO_EPERM)))
    for name in sorted(names):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number != -1:  # not of this machine
            seccomp.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), number, 0)
    if seccomp.seccomp_load(context) != 0:
        sys.exit("unit_filter: the filter cannot be set")
    os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
