# SPDX-License-Identifier: AGPL-3.0-or-later
"""What DESIGN §4, §5, §7 and §9 rule of people and things, said a second time and without the
program: a row of matrix.tsv whose reason is one of RULES must follow from it, cell by cell.

A rule yields, for each kind of people, the cells that are right. Who is in no session is asked to
sign in, or not heard. In acts and questions the administrator is the console, which is nobody:
it decides and administers, but signs nothing and reads no more than the public.
"""
from tests.flow.cast import ROLES

NOBODY = {"anonymous", "unconfirmed", "suspended", "thief"}   # in no session that counts
SIGNED = set(ROLES) - NOBODY
MEMBERS = {"member", "left", "writer", "animator", "moderator", "administrator"}   # of the forum "members"
MANDATED = {"writer", "animator", "moderator"}                # over the forums of the cast
MODERATORS = {"moderator", "administrator"}

# thing: who. Everybody reads, who is signed in writes, the moderators decide, where it is not said.
READERS = {"registered": SIGNED, "members": MEMBERS, "elsewhere": {"elsewhere", "administrator"},
           "held": set(), "hidden": set(), "absent": set()}
WRITERS = {"closed": set(), "roll": {"roll"} | MANDATED}
DECIDERS = {"elsewhere": {"elsewhere", "administrator"}, "absent": set()}

YES = {"200", "301", "302", "303", "done", "answered"}
NO = {"403", "denied"}
UNSEEN = {"404", "not-found"}
UNHEARD = NO | UNSEEN | {"login", "-"}


def readers(thing):
    return READERS.get(thing, set(ROLES))


def writers(thing):
    return WRITERS.get(thing, SIGNED) & readers(thing)


def reading(thing, console):
    """What may not be read is not there; a page about oneself asks first who that is."""
    for role in ROLES:
        if console and role in NOBODY | {"administrator"}:
            yield role, UNSEEN | {"-"} | (YES if role == "administrator" and "anonymous" in readers(thing) else set())
        elif role in readers(thing):
            yield role, YES | ({"login"} if role in NOBODY else set())
        else:
            yield role, UNSEEN | ({"login"} if role in NOBODY else set())


def writing(thing, console):
    for role in ROLES:
        if role in NOBODY:
            yield role, UNHEARD
        elif console and role == "administrator":
            yield role, NO
        else:
            yield role, YES if role in writers(thing) else NO if role in readers(thing) else UNSEEN


def withdrawing(thing, console):
    """Its author, of what may be read; "own" is anybody's own."""
    for role in ROLES:
        if role in NOBODY:
            yield role, UNHEARD
        elif console and role == "administrator":
            yield role, NO
        else:
            yield role, YES if thing == "own" else NO if role in readers(thing) else UNSEEN


def subscribing(thing, console):
    for role in ROLES:
        administers = console and role == "administrator" and thing != "absent"
        yield role, UNHEARD if role in NOBODY else YES if role in readers(thing) or administers else UNSEEN


def deciding(thing, console):
    for role in ROLES:
        yield role, UNHEARD if role in NOBODY else YES if role in DECIDERS.get(thing, MODERATORS) else UNSEEN


def moderating(thing, console):
    """What is about all forums that one moderates."""
    for role in ROLES:
        yield role, UNHEARD if role in NOBODY else YES if role in MODERATORS | {"elsewhere"} else UNSEEN


def administering(thing, console):
    """What an administrator says may still be wrong in itself."""
    wrong = UNSEEN if thing == "absent" else {"invalid", "conflict", "nothing"}
    for role in ROLES:
        if role in NOBODY:
            yield role, UNHEARD
        else:
            yield role, (wrong if thing == "absent" else YES | wrong) if role == "administrator" else NO | UNSEEN


def queued(thing, console):
    for role in ROLES:
        yield role, UNHEARD if role in NOBODY else UNSEEN


def mailing(thing, console):
    """Whoever is not barred and may not write is held as a stranger: to who is unknown nothing is told."""
    for role in ROLES:
        if thing in ("absent", "closed"):
            yield role, {"550"}
        elif role in ("suspended", "thief"):
            yield role, {"refused"}
        elif role not in writers(thing) or role in NOBODY:
            yield role, {"held stranger"}
        else:
            yield role, {"held always"} if thing == "read-first" and role not in MODERATORS | {"animator"} else {"published"}


RULES = {
    "DESIGN §3, §7.4: reading is permission too; not there and not allowed are alike": reading,
    "DESIGN §4: who may write; who may not read finds nothing": writing,
    "DESIGN §7.4: its author alone, of what may be read": withdrawing,
    "DESIGN §4: nobody helps himself into a forum of members": subscribing,
    "DESIGN §4, §7.4: moderators of that forum; else not there": deciding,
    "DESIGN §4, §7.4: who moderates some forum": moderating,
    "DESIGN §7.4: administrators alone": administering,
    "DESIGN §7.5: what is held is in the queue alone": queued,
    "DESIGN §4 axes, §9 strangers held": mailing,
}


def faults_of(rows):
    """[(what, object, role, cell)] that do not follow from the rule that their row names."""
    faults = []
    for row in rows:
        rule = RULES.get(row["because"])
        thing = row["object"].split(":")[0].split(" ")[-1]
        for role, right in rule(thing, row["what"].startswith(("act ", "ask "))) if rule else ():
            if row[role] not in right:
                faults.append((row["what"], row["object"], role, row[role]))
    return faults
