-- How people come in: rolls, their lines, and registrations that wait for a mailbox.
ALTER TABLE person DROP COLUMN identifier;

CREATE TABLE roll (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  source  TEXT NOT NULL DEFAULT '',
  purpose TEXT NOT NULL DEFAULT '',
  expires INTEGER,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX roll_expires ON roll (expires) WHERE expires IS NOT NULL;

CREATE TABLE identifier (
  id       INTEGER PRIMARY KEY,
  roll     INTEGER NOT NULL REFERENCES roll(id),
  selector TEXT NOT NULL UNIQUE,
  verifier TEXT NOT NULL,
  state    TEXT NOT NULL CHECK (state IN ('issued','claimed','revoked')),
  tries    INTEGER NOT NULL DEFAULT 0,
  person   INTEGER REFERENCES person(id),
  issued   INTEGER NOT NULL,
  changed  INTEGER
) STRICT;
CREATE INDEX identifier_roll ON identifier (roll, id, state);
CREATE INDEX identifier_person ON identifier (person, state) WHERE person IS NOT NULL;

CREATE TABLE registration (
  id         INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,
  code       BLOB NOT NULL,
  tries      INTEGER NOT NULL DEFAULT 0,
  identifier INTEGER NOT NULL REFERENCES identifier(id),
  person     INTEGER NOT NULL REFERENCES person(id),
  address    INTEGER NOT NULL REFERENCES address(id),
  name       TEXT NOT NULL,
  locale     TEXT NOT NULL CHECK (locale IN ('fr','en')),
  next       TEXT NOT NULL DEFAULT '',
  created    INTEGER NOT NULL,
  expires    INTEGER NOT NULL,
  used       INTEGER
) STRICT;
CREATE INDEX registration_address ON registration (address);
CREATE INDEX registration_identifier ON registration (identifier);
CREATE INDEX registration_person ON registration (person);
