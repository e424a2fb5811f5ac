# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each process stands behind its walls.

Started as root: every role runs under its own uid and groups, without a capability and unable
to get one; the folders and files of the house are open to whom they must be and to nobody
else. However started: no new privileges anywhere, no role can read the memory of another (the
keys lie there), and each stands behind a system call filter.
"""
import os
import stat

from tests.flow.site import Site

OWNER, DOORS, READ = int(Site.OWNER), int(Site.DOORS), int(Site.READ)

# role: uid, groups beside its own
ROLES = {
    "clerk": (OWNER, [READ]),
    "parser": (DOORS, []),
    "auth": (DOORS, []),
    "web": (DOORS, [READ]),
    "intake": (DOORS, []),
    "relay": (DOORS, [READ]),
    "checker": (DOORS, [READ]),
}

# path: mode, uid, gid; None: whatever
PLACES = {
    "": (0o2750, OWNER, READ),
    "preau.db": (0o640, OWNER, READ),
    "blobs": (0o2750, OWNER, READ),
    "spool/intake": (0o700, DOORS, None),
    "spool/web": (0o700, DOORS, None),
    "run": (0o700, OWNER, None),
    "run/preau.sock": (0o600, OWNER, None),
    "keys": (0o600, 0, None),
}


def status(pid):
    lines = open(f"/proc/{pid}/status", encoding="ascii").read().splitlines()
    return {line.split(":", 1)[0]: line.split(":", 1)[1].split() for line in lines}


def check_process(name, pid, as_root, sanitized):
    role, facts = name.split(".")[0], status(pid)
    assert facts["NoNewPrivs"] == ["1"], f"{name}: NoNewPrivs is {facts['NoNewPrivs']}"
    if not sanitized:
        assert facts["Seccomp"] == ["2"], f"{name}: Seccomp is {facts['Seccomp']}"
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(facts[kind][0], 16) == 0, f"{name}: {kind} is {facts[kind]}"
    if not as_root:
        assert set(facts["Uid"]) == {str(os.geteuid())}, (name, facts["Uid"])
        return
    uid, groups = ROLES[role]
    assert facts["Uid"] == [str(uid)] * 4, (name, facts["Uid"])
    assert len(set(facts["Gid"])) == 1 and facts["Gid"][0] != "0", (name, facts["Gid"])
    assert [int(group) for group in facts["Groups"]] == groups, (name, facts["Groups"])


def check_memory(name, pid):
    """What a broken neighbour could do: its uid is the same."""
    child = os.fork()
    if child == 0:
        uid, groups = int(status(pid)["Uid"][0]), [READ]
        if os.geteuid() == 0:
            os.setgroups(groups)
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        for what in ("mem", "environ", "maps", "fd/3"):
            try:
                os.close(os.open(f"/proc/{pid}/{what}", os.O_RDONLY))
                os._exit(1)
            except PermissionError:
                pass
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, f"{name}: its memory lies open to its uid"


def check_places(site):
    for path, (mode, uid, gid) in PLACES.items():
        facts = os.stat(site.data / path)
        assert stat.S_IMODE(facts.st_mode) == mode, f"{path}: mode {stat.S_IMODE(facts.st_mode):o}"
        assert facts.st_uid == uid, f"{path}: owner {facts.st_uid}"
        assert gid is None or facts.st_gid == gid, f"{path}: group {facts.st_gid}"


def check_descriptors(name, pid, site):
    """Nobody but the clerk holds the book to write; the parser and auth hold no file at all,
    the doors what they write on its way in."""
    role, here = name.split(".")[0], str(site.data)
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")
    except PermissionError:  # the roles' memory and descriptors are closed even to their own user
        assert os.geteuid() != 0
        return
    for number in numbers:
        try:
            path = os.readlink(f"/proc/{pid}/fd/{number}")
            flags = open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii").read().split("flags:")[1].split()[0]
        except FileNotFoundError:
            continue
        if not path.startswith(here):
            continue
        if path.startswith(f"{here}/spool/{role}"):
            continue
        assert role not in ("parser", "auth", "intake"), f"{name} holds {path}"
        # SQLite opens the WAL to write wherever it may, also for reading: only the user's rights
        # stand in its way, so that is asked where the users differ.
        books = ("preau.db", "preau.db-wal") if os.geteuid() == 0 else ("preau.db",)
        if path.endswith(books) and role != "clerk":
            assert int(flags, 8) & os.O_ACCMODE == os.O_RDONLY, f"{name} may write {path}"


def run(stage):
    as_root = os.geteuid() == 0
    with stage.site() as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        pids = site.pids()
        assert {name.split(".")[0] for name in pids} == set(ROLES), pids
        for name, pid in pids.items():
            check_process(name, pid, as_root, stage.sanitized)
            if as_root or stage.sanitized:
                check_descriptors(name, pid, site)
            if not stage.sanitized:
                check_memory(name, pid)
        if as_root:
            check_places(site)
            assert status(site.process.pid)["Uid"][0] == "0"
        else:
            assert "walls" in site.log_text() or "weaker" in site.log_text(), "the log must say which walls are weaker"
    if stage.sanitized:
        print("walls: the parser's filter was not looked at: it is down under sanitizers")
