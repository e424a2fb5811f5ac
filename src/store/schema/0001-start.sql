-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The book as it began; src/store/schema.sql says what everything means.

CREATE TABLE person (
  id            INTEGER PRIMARY KEY,
  state         TEXT NOT NULL CHECK (state IN ('stranger','active','suspended','erased')),
  name_shown    TEXT NOT NULL,
  name_sealed   BLOB,
  identifier    BLOB,
  locale        TEXT NOT NULL DEFAULT 'fr' CHECK (locale IN ('fr','en')),
  password      TEXT,
  administrator INTEGER NOT NULL DEFAULT 0 CHECK (administrator IN (0,1)),
  trusted       INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0,1)),
  created       INTEGER NOT NULL
) STRICT;
CREATE INDEX person_administrator ON person (id) WHERE administrator = 1;

CREATE TABLE address (
  id        INTEGER PRIMARY KEY,
  person    INTEGER NOT NULL REFERENCES person(id),
  address   TEXT NOT NULL,
  folded    TEXT NOT NULL UNIQUE,
  verified  INTEGER,
  preferred INTEGER NOT NULL DEFAULT 0 CHECK (preferred IN (0,1)),
  unproved_ok INTEGER NOT NULL DEFAULT 0 CHECK (unproved_ok IN (0,1)),
  created   INTEGER NOT NULL
) STRICT;
CREATE INDEX address_person ON address (person);

CREATE TABLE session (
  id      INTEGER PRIMARY KEY,
  person  INTEGER NOT NULL REFERENCES person(id),
  hash    BLOB NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  seen    INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX session_person ON session (person);

CREATE TABLE token (
  id      INTEGER PRIMARY KEY,
  hash    BLOB NOT NULL UNIQUE,
  code    BLOB,
  purpose TEXT NOT NULL CHECK (purpose IN ('login','confirm','moderate','author','reset')),
  person  INTEGER REFERENCES person(id),
  object  INTEGER NOT NULL,
  tries   INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used    INTEGER
) STRICT;
CREATE INDEX token_object ON token (purpose, object);
CREATE INDEX token_person ON token (person);

CREATE TABLE organisation (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  kind    TEXT NOT NULL CHECK (kind IN ('association','service','council','townhall')),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE mandate (
  id           INTEGER PRIMARY KEY,
  person       INTEGER NOT NULL REFERENCES person(id),
  organisation INTEGER REFERENCES organisation(id),
  forum        INTEGER REFERENCES forum(id),
  role         TEXT NOT NULL CHECK (role IN ('moderator','animator','writer','speaker')),
  since        INTEGER NOT NULL,
  until        INTEGER,
  CHECK ((organisation IS NULL) <> (forum IS NULL))
) STRICT;
CREATE INDEX mandate_person ON mandate (person);
CREATE INDEX mandate_forum ON mandate (forum);

CREATE TABLE forum (
  id          INTEGER PRIMARY KEY,
  slug        TEXT NOT NULL UNIQUE,
  name        TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  theme       TEXT NOT NULL DEFAULT '',
  who_writes  TEXT NOT NULL DEFAULT 'registered' CHECK (who_writes IN ('everyone','registered','roll','mandated','nobody')),
  appears     TEXT NOT NULL DEFAULT 'at_once' CHECK (appears IN ('at_once','first_read','always_read','read_unless_roll')),
  who_reads   TEXT NOT NULL DEFAULT 'everyone' CHECK (who_reads IN ('everyone','registered','members')),
  strangers   TEXT NOT NULL DEFAULT 'hold' CHECK (strangers IN ('hold','refuse')),
  reply_to    TEXT NOT NULL DEFAULT 'forum' CHECK (reply_to IN ('forum','author')),
  emergency   INTEGER NOT NULL DEFAULT 0 CHECK (emergency IN (0,1)),
  position    INTEGER NOT NULL DEFAULT 0,
  created     INTEGER NOT NULL
) STRICT;

CREATE TABLE thread (
  id      INTEGER PRIMARY KEY,
  forum   INTEGER NOT NULL REFERENCES forum(id),
  kind    TEXT NOT NULL DEFAULT 'discussion',
  title   TEXT NOT NULL,
  state   TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','closed','merged')),
  merged  INTEGER REFERENCES thread(id),
  pinned  INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0,1)),
  posts   INTEGER NOT NULL DEFAULT 0,
  first   INTEGER,
  last    INTEGER NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_forum ON thread (forum, pinned, last, id, posts, state);
CREATE INDEX thread_last ON thread (last, id);
CREATE INDEX thread_merged ON thread (merged) WHERE merged IS NOT NULL;

CREATE TABLE raw (
  id     INTEGER PRIMARY KEY,
  hash   BLOB NOT NULL,
  size   INTEGER NOT NULL,
  octets BLOB
) STRICT;
CREATE INDEX raw_hash ON raw (hash) WHERE octets IS NULL;

CREATE TABLE post (
  id         INTEGER PRIMARY KEY,
  forum      INTEGER NOT NULL REFERENCES forum(id),
  thread     INTEGER REFERENCES thread(id),
  parent     INTEGER REFERENCES post(id),
  awaits     TEXT,
  chain      TEXT NOT NULL DEFAULT '',
  state      TEXT NOT NULL CHECK (state IN ('held','published','refused','hidden','withdrawn')),
  hold       TEXT NOT NULL DEFAULT '',
  date       INTEGER NOT NULL,
  sent       INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  alias      TEXT,
  subject    TEXT NOT NULL,
  author     INTEGER NOT NULL REFERENCES person(id),
  author_shown       TEXT NOT NULL,
  organisation_shown TEXT NOT NULL DEFAULT '',
  capacity   TEXT NOT NULL DEFAULT '',
  door       TEXT NOT NULL CHECK (door IN ('web','mail','console','import')),
  proof      TEXT NOT NULL DEFAULT '',
  body_hash  BLOB NOT NULL,
  raw        INTEGER REFERENCES raw(id),
  kind       TEXT NOT NULL CHECK (kind IN ('mail','markdown')),
  renderer   INTEGER NOT NULL,
  decided_by INTEGER REFERENCES person(id),
  decided    INTEGER,
  why        TEXT NOT NULL DEFAULT '',
  html       TEXT NOT NULL,
  text       TEXT NOT NULL,
  source     TEXT NOT NULL
) STRICT;
CREATE INDEX post_thread ON post (thread, date, id) WHERE thread IS NOT NULL;
CREATE INDEX post_held ON post (forum, id) WHERE state = 'held';
CREATE INDEX post_message ON post (message_id, forum);
CREATE INDEX post_alias ON post (alias, forum) WHERE alias IS NOT NULL;
CREATE INDEX post_awaits ON post (awaits, forum) WHERE awaits IS NOT NULL;
CREATE INDEX post_author ON post (author, state);

CREATE TABLE reference (
  forum      INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  thread     INTEGER NOT NULL,
  post       INTEGER,
  PRIMARY KEY (forum, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_thread ON reference (thread);

CREATE TABLE attachment (
  id       INTEGER PRIMARY KEY,
  public   TEXT NOT NULL UNIQUE,
  post     INTEGER NOT NULL REFERENCES post(id),
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  type     TEXT NOT NULL,
  raw      INTEGER NOT NULL REFERENCES raw(id),
  offset   INTEGER NOT NULL,
  length   INTEGER NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('none','base64','qp')),
  size     INTEGER NOT NULL
) STRICT;
CREATE INDEX attachment_post ON attachment (post, position);

CREATE VIRTUAL TABLE search USING fts5 (
  subject, text, author,
  content = '', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('crisismerge', 64);

CREATE TABLE subscription (
  forum  INTEGER NOT NULL REFERENCES forum(id),
  person INTEGER NOT NULL REFERENCES person(id),
  mode   TEXT NOT NULL CHECK (mode IN ('each','topics','daily','weekly','none')),
  paused INTEGER,
  since  INTEGER NOT NULL,
  PRIMARY KEY (forum, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscription_person ON subscription (person);

CREATE TABLE follow (
  person INTEGER NOT NULL REFERENCES person(id),
  thread INTEGER NOT NULL REFERENCES thread(id),
  how    TEXT NOT NULL CHECK (how IN ('follow','mute')),
  PRIMARY KEY (thread, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  id        INTEGER PRIMARY KEY,
  raw       INTEGER NOT NULL REFERENCES raw(id),
  recipient TEXT NOT NULL,
  mail_from TEXT NOT NULL,
  peer      TEXT NOT NULL,
  door      TEXT NOT NULL CHECK (door IN ('smtp','lmtp','fetch','console')),
  received  INTEGER NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('new','done','aside')),
  tries     INTEGER NOT NULL DEFAULT 0,
  outcome   TEXT NOT NULL DEFAULT '',
  post      INTEGER REFERENCES post(id),
  note      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX inbox_new ON inbox (id) WHERE state = 'new';
CREATE INDEX inbox_aside ON inbox (id) WHERE state = 'aside';

CREATE TABLE notice (
  id       INTEGER PRIMARY KEY,
  template TEXT NOT NULL,
  forum    INTEGER REFERENCES forum(id),
  post     INTEGER REFERENCES post(id),
  reply_to TEXT NOT NULL DEFAULT '',
  answers  TEXT NOT NULL DEFAULT '',
  message_id TEXT NOT NULL,
  input    BLOB NOT NULL,
  created  INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
  id       INTEGER PRIMARY KEY,
  post     INTEGER REFERENCES post(id),
  notice   INTEGER REFERENCES notice(id),
  person   INTEGER NOT NULL REFERENCES person(id),
  address  INTEGER NOT NULL REFERENCES address(id),
  state    TEXT NOT NULL CHECK (state IN ('due','sent','failed','cancelled','aside')),
  attempts INTEGER NOT NULL DEFAULT 0,
  tries    INTEGER NOT NULL DEFAULT 0,
  next     INTEGER NOT NULL,
  created  INTEGER NOT NULL,
  done     INTEGER,
  answer   TEXT NOT NULL DEFAULT '',
  bounced  INTEGER,
  CHECK ((post IS NULL) <> (notice IS NULL))
) STRICT;
CREATE INDEX outbox_due ON outbox (next, id) WHERE state = 'due';
CREATE INDEX outbox_post ON outbox (post, person);
CREATE INDEX outbox_person ON outbox (person) WHERE state = 'due';

CREATE TABLE bounce (
  id      INTEGER PRIMARY KEY,
  outbox  INTEGER REFERENCES outbox(id),
  person  INTEGER NOT NULL REFERENCES person(id),
  address INTEGER NOT NULL REFERENCES address(id),
  date    INTEGER NOT NULL,
  hard    INTEGER NOT NULL CHECK (hard IN (0,1)),
  status  TEXT NOT NULL,
  text    TEXT NOT NULL
) STRICT;
CREATE INDEX bounce_address ON bounce (address, date);
CREATE INDEX bounce_outbox ON bounce (outbox) WHERE outbox IS NOT NULL;

CREATE TABLE act_key (
  key     BLOB PRIMARY KEY,
  date    INTEGER NOT NULL,
  outcome BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX act_key_date ON act_key (date);

CREATE TABLE journal (
  id      INTEGER PRIMARY KEY,
  date    INTEGER NOT NULL,
  act     TEXT NOT NULL,
  actor   INTEGER,
  door    TEXT NOT NULL,
  object  TEXT NOT NULL,
  forum   INTEGER,
  outcome TEXT NOT NULL,
  text    INTEGER,
  texthash BLOB NOT NULL,
  chain   BLOB NOT NULL
) STRICT;

CREATE TABLE journal_text (
  id   INTEGER PRIMARY KEY,
  salt BLOB NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE rate (
  name   TEXT NOT NULL,
  subject TEXT NOT NULL,
  window INTEGER NOT NULL,
  count  INTEGER NOT NULL,
  PRIMARY KEY (name, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL,
  next  INTEGER NOT NULL,
  state BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE public_version (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  value INTEGER NOT NULL
) STRICT;
INSERT INTO public_version (one, value) VALUES (1, 1);
CREATE TRIGGER public_forum_insert AFTER INSERT ON forum
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_forum_update AFTER UPDATE ON forum
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_forum_delete AFTER DELETE ON forum
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_thread_insert AFTER INSERT ON thread
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_thread_update AFTER UPDATE ON thread
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_thread_delete AFTER DELETE ON thread
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_post_insert AFTER INSERT ON post
  WHEN NEW.state = 'published'
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_post_update AFTER UPDATE ON post
  WHEN OLD.state = 'published' OR NEW.state = 'published'
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_post_delete AFTER DELETE ON post
  WHEN OLD.state = 'published'
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_attachment_insert AFTER INSERT ON attachment
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_attachment_update AFTER UPDATE ON attachment
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_attachment_delete AFTER DELETE ON attachment
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_organisation_insert AFTER INSERT ON organisation
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_organisation_update AFTER UPDATE ON organisation
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_organisation_delete AFTER DELETE ON organisation
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_mandate_insert AFTER INSERT ON mandate
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_mandate_update AFTER UPDATE ON mandate
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_mandate_delete AFTER DELETE ON mandate
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_setting_insert AFTER INSERT ON setting
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_setting_update AFTER UPDATE ON setting
  BEGIN UPDATE public_version SET value = value + 1; END;
CREATE TRIGGER public_setting_delete AFTER DELETE ON setting
  BEGIN UPDATE public_version SET value = value + 1; END;
