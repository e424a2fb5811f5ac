# SPDX-License-Identifier: AGPL-3.0-or-later
"""A worker that was broken into can do what its role may, and nothing else.

The server is started as preau_broken (tests/walls/broken.c): each worker enters the walls of its role and
then tries, one after the other, what whoever controls it would try: open the book, the keys, the files
of others, signal, trace and read neighbours, start programs, mount, become root, take ports, make
sockets, load what the kernel would run. Each act but those that are its duty is refused, or kills
it. The same acts without walls are tried too: what is done then shows that the walls refuse it, and
not that the act is none.

Started as root, and as an ordinary user: then Landlock alone stands between the roles in what files
are concerned; where the kernel has none, the acts that need it are named as skipped.
"""
import collections
import os
import pathlib
import re

from tests.flow.site import wait_for

ROLES = ("clerk", "parser", "auth", "web", "intake", "relay", "checker")
LINE = re.compile(r'broken role=([a-z]+)\.\d+ act="([^"]*)" result=(\w+)(?: errno=(\d+))?')
FEWEST = 60      # acts refused to each role
DONE_OPEN = 40   # acts that at least one role does without walls


def make_canaries(site):
    """A file and a folder of the owner's for each role, to cut, rename and remove."""
    owner = os.stat(site.data)
    for role in ROLES:
        path = site.data / f"canary.{role}"
        path.write_text("still here\n")
        path.chmod(0o640)
        folder = site.data / f"canary.{role}.folder"
        folder.mkdir(mode=0o750)
        for each in (path, folder):
            os.chown(each, owner.st_uid, owner.st_gid)


def fingerprint(site):
    """What of the house must be as it was."""
    return {path.name: path.read_bytes() if path.is_file() else None for path in sorted(site.data.glob("canary*"))}, \
        sorted(path.name for path in site.data.iterdir())


def try_all(site, how):
    """{role: {act: result}} of every worker."""
    site.env.update(PREAU_BROKEN=how, PREAU_BROKEN_PORT="9")
    if os.geteuid() != 0:
        site.env["PREAU_BROKEN_ONE"] = "1"
    begin = len(site.log_text())
    site.start(120)
    count = len(site.pids())
    wait_for(lambda: site.log_text()[begin:].count(" end=yes") >= count, 120)
    found = collections.defaultdict(dict)
    for role, act, result, number in LINE.findall(site.log_text()[begin:]):
        found[role][act] = (result, number)
    assert set(found) == set(ROLES), set(found)
    site.stop()
    return found


def check_walled(found):
    tally, skipped = {}, set()
    for role, acts in found.items():
        for act, (result, number) in acts.items():
            assert result in ("refused", "killed", "absent", "skipped"), f"{role}: {act}: {result} {number}"
        skipped |= {act for act, (result, _) in acts.items() if result == "skipped"}
        tally[role] = sum(result in ("refused", "killed") for result, _ in acts.values())
        assert tally[role] + sum(result == "skipped" for result, _ in acts.values()) >= FEWEST, (role, tally[role])
    print("broken: refused to", ", ".join(f"{role} {count}" for role, count in sorted(tally.items())))
    if skipped:
        print("broken: this kernel has no Landlock: not tried:", ", ".join(sorted(skipped)))
    absent = {act for acts in found.values() for act, (result, _) in acts.items() if result == "absent"}
    if absent:
        print("broken: not there on this machine:", ", ".join(sorted(absent)))


def run(stage):
    program = pathlib.Path(stage.preau).resolve().parent / "preau_broken"
    if stage.sanitized:
        raise stage.Skip("the walls are down under sanitizers")
    if not program.exists():
        raise stage.Skip("preau_broken is not built beside preau")
    with stage.site() as site:
        site.act("forum.create", slug="voirie", name="Voirie")
        site.stop()
        make_canaries(site)
        site.preau, normal = str(program), site.preau
        before = fingerprint(site)
        check_walled(try_all(site, "walls"))
        assert fingerprint(site) == before
        done = {act for acts in try_all(site, "open").values() for act, (result, _) in acts.items() if result == "done"}
        print(f"broken: {len(done)} acts are done by somebody where there are no walls")
        assert len(done) >= DONE_OPEN, sorted(done)
        for path in ("/tmp/broken", "/var/tmp/broken", "/dev/shm/broken"):
            pathlib.Path(path).unlink(missing_ok=True)
        site.preau = normal
        assert b"PREAU_BROKEN" not in pathlib.Path(normal).read_bytes(), "what is broken into for a test is not for use"
