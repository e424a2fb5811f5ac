# SPDX-License-Identifier: AGPL-3.0-or-later
"""A service manager hears when the house is ready, reads its settings again, and stops.

The datagrams of sd_notify(3), to a socket in the file system and to an abstract one. None of the
roles inherits the name of the socket. Settings that are wrong are told as such, and the house goes on.
"""
import os
import signal
import socket


def told(manager, names):
    """The next datagram, which has these names in this order."""
    text = manager.recv(4096).decode()
    lines = dict(line.split("=", 1) for line in text.splitlines())
    assert list(lines) == names, text
    return lines


def life(stage, name, bound):
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.settimeout(30)
    site = stage.site(web_workers=1)
    manager.bind(bound(site))
    site.env["NOTIFY_SOCKET"] = name(site)
    with site:
        assert told(manager, ["READY"])["READY"] == "1"
        for role, pid in site.pids().items() if os.geteuid() == 0 else ():  # nobody else may look
            environment = open(f"/proc/{pid}/environ", "rb").read()
            assert b"NOTIFY_SOCKET" not in environment, role
        site.process.send_signal(signal.SIGHUP)
        assert int(told(manager, ["RELOADING", "MONOTONIC_USEC"])["MONOTONIC_USEC"]) > 0
        assert told(manager, ["READY", "STATUS"])["STATUS"] == ""
        site.config.write_text(site.config.read_text() + "no.such.setting = 1\n")
        site.process.send_signal(signal.SIGHUP)
        told(manager, ["RELOADING", "MONOTONIC_USEC"])
        assert "wrong" in told(manager, ["READY", "STATUS"])["STATUS"]
        site.write_config()
        assert site.run("show", "inbox").returncode == 0
        os.kill(site.process.pid, signal.SIGTERM)
        assert told(manager, ["STOPPING"])["STOPPING"] == "1"
    manager.close()


def run(stage):
    life(stage, lambda site: str(site.folder / "notify"), lambda site: str(site.folder / "notify"))
    life(stage, lambda site: f"@preau-{os.getpid()}", lambda site: f"\0preau-{os.getpid()}")
