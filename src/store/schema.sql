-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The book: what Préau remembers, as it stands after all migrations.
--
-- Read this to learn the data; change it by adding schema/NNNN-word.sql (a test
-- proves that the migrations together make exactly this file). Times are seconds
-- since 1970, UTC; booleans are 0 or 1; ids are integers; text is UTF-8.

-- People ------------------------------------------------------------------------

CREATE TABLE person (
  id            INTEGER PRIMARY KEY,
  state         TEXT NOT NULL CHECK (state IN ('stranger','active','suspended','erased')),
                                       -- stranger: wrote or was imported, never registered; cannot sign in
  name_shown    TEXT NOT NULL,         -- the name beside posts
  name_sealed   BLOB,                  -- declared name, AES-GCM under the seal key
  locale        TEXT NOT NULL DEFAULT 'fr' CHECK (locale IN ('fr','en')),
  password      TEXT,                  -- Argon2id, PHC string; NULL: signs in by mailed link only
  administrator INTEGER NOT NULL DEFAULT 0 CHECK (administrator IN (0,1)),
  trusted       INTEGER NOT NULL DEFAULT 0 CHECK (trusted IN (0,1)), -- posts of this person appear at once where first posts are read
  created       INTEGER NOT NULL
) STRICT;
CREATE INDEX person_administrator ON person (id) WHERE administrator = 1;

CREATE TABLE address (
  id        INTEGER PRIMARY KEY,
  person    INTEGER NOT NULL REFERENCES person(id),
  address   TEXT NOT NULL,             -- as given, for writing to
  folded    TEXT NOT NULL UNIQUE,      -- for comparing
  verified  INTEGER,                   -- when its holder proved it; NULL: never
  preferred INTEGER NOT NULL DEFAULT 0 CHECK (preferred IN (0,1)), -- where the person's mail goes
  unproved_ok INTEGER NOT NULL DEFAULT 0 CHECK (unproved_ok IN (0,1)), -- "was it you?" was answered yes for mail without verdict
  created   INTEGER NOT NULL
) STRICT;
CREATE INDEX address_person ON address (person);

CREATE TABLE session (
  id      INTEGER PRIMARY KEY,
  person  INTEGER NOT NULL REFERENCES person(id),
  hash    BLOB NOT NULL UNIQUE,        -- SHA-256 of the secret in the cookie
  created INTEGER NOT NULL,
  seen    INTEGER NOT NULL,            -- at most hourly
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX session_person ON session (person);

CREATE TABLE token (                   -- drawn tokens; derived ones have no row
  id      INTEGER PRIMARY KEY,
  hash    BLOB NOT NULL UNIQUE,        -- SHA-256 of the token
  code    BLOB,                        -- SHA-256 of person:code for the short code in the same mail
  purpose TEXT NOT NULL CHECK (purpose IN ('login','confirm','moderate','author','reset')),
  person  INTEGER REFERENCES person(id), -- who holds it
  object  INTEGER NOT NULL,            -- what it is about: address, post, inbox ...
  tries   INTEGER NOT NULL DEFAULT 0,  -- wrong codes so far
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used    INTEGER                      -- when; once only
) STRICT;
CREATE INDEX token_object ON token (purpose, object);
CREATE INDEX token_person ON token (person);

CREATE TABLE roll (                    -- a named list of people: who claims one of its lines is registered
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  source  TEXT NOT NULL DEFAULT '',    -- who drew it up
  purpose TEXT NOT NULL DEFAULT '',
  expires INTEGER,                     -- its lines are revoked then; NULL: never
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX roll_expires ON roll (expires) WHERE expires IS NOT NULL;

CREATE TABLE identifier (              -- a line of a roll: the personal identifier that was handed out
  id       INTEGER PRIMARY KEY,
  roll     INTEGER NOT NULL REFERENCES roll(id),
  selector TEXT NOT NULL UNIQUE,       -- its first four symbols; no secret
  verifier TEXT NOT NULL,              -- Argon2id of the six that follow, PHC string
  state    TEXT NOT NULL CHECK (state IN ('issued','claimed','revoked')),
  tries    INTEGER NOT NULL DEFAULT 0, -- wrong ones with this selector so far
  person   INTEGER REFERENCES person(id), -- who claimed it
  issued   INTEGER NOT NULL,
  changed  INTEGER                     -- when it was claimed or revoked
) STRICT;
CREATE INDEX identifier_roll ON identifier (roll, id, state);
CREATE INDEX identifier_person ON identifier (person, state) WHERE person IS NOT NULL;

CREATE TABLE registration (            -- an identifier was given; its holder has yet to answer a mail
  id         INTEGER PRIMARY KEY,
  hash       BLOB NOT NULL UNIQUE,     -- SHA-256 of the token in that mail
  code       BLOB NOT NULL,            -- SHA-256 of person:code for the short code there
  tries      INTEGER NOT NULL DEFAULT 0, -- wrong codes so far
  identifier INTEGER NOT NULL REFERENCES identifier(id),
  person     INTEGER NOT NULL REFERENCES person(id),   -- a stranger until then, or who has that address
  address    INTEGER NOT NULL REFERENCES address(id),
  name       TEXT NOT NULL,            -- to be shown
  locale     TEXT NOT NULL CHECK (locale IN ('fr','en')),
  next       TEXT NOT NULL DEFAULT '', -- page to go to afterwards
  created    INTEGER NOT NULL,
  expires    INTEGER NOT NULL,
  used       INTEGER                   -- when; once only
) STRICT;
CREATE INDEX registration_address ON registration (address);
CREATE INDEX registration_identifier ON registration (identifier);
CREATE INDEX registration_person ON registration (person);

CREATE TABLE organisation (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  kind    TEXT NOT NULL CHECK (kind IN ('association','service','council','townhall')),
  created INTEGER NOT NULL
) STRICT;

CREATE TABLE mandate (                 -- in whose name, or over which forum, a person may act
  id           INTEGER PRIMARY KEY,
  person       INTEGER NOT NULL REFERENCES person(id),
  organisation INTEGER REFERENCES organisation(id), -- "au nom de"
  forum        INTEGER REFERENCES forum(id),        -- moderator, animator or writer of this forum
  role         TEXT NOT NULL CHECK (role IN ('moderator','animator','writer','speaker')),
  since        INTEGER NOT NULL,
  until        INTEGER,
  CHECK ((organisation IS NULL) <> (forum IS NULL))
) STRICT;
CREATE INDEX mandate_person ON mandate (person);
CREATE INDEX mandate_forum ON mandate (forum);

-- Forums and posts --------------------------------------------------------------

CREATE TABLE forum (
  id          INTEGER PRIMARY KEY,
  slug        TEXT NOT NULL UNIQUE,    -- in URLs, and the local part of its address
  name        TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  theme       TEXT NOT NULL DEFAULT '', -- heading under which the home page lists it
  who_writes  TEXT NOT NULL DEFAULT 'registered' CHECK (who_writes IN ('everyone','registered','roll','mandated','nobody')),
  appears     TEXT NOT NULL DEFAULT 'at_once' CHECK (appears IN ('at_once','first_read','always_read','read_unless_roll')),
  who_reads   TEXT NOT NULL DEFAULT 'everyone' CHECK (who_reads IN ('everyone','registered','members')),
  strangers   TEXT NOT NULL DEFAULT 'hold' CHECK (strangers IN ('hold','refuse')), -- mail of people who may not write
  reply_to    TEXT NOT NULL DEFAULT 'forum' CHECK (reply_to IN ('forum','author')),
  emergency   INTEGER NOT NULL DEFAULT 0 CHECK (emergency IN (0,1)), -- everything is held
  position    INTEGER NOT NULL DEFAULT 0, -- order within the theme
  created     INTEGER NOT NULL
) STRICT;

CREATE TABLE thread (
  id      INTEGER PRIMARY KEY,
  forum   INTEGER NOT NULL REFERENCES forum(id),
  kind    TEXT NOT NULL DEFAULT 'discussion',
  title   TEXT NOT NULL,
  state   TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open','closed','merged')),
  merged  INTEGER REFERENCES thread(id), -- where its posts went, so that old links still lead there
  pinned  INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0,1)),
  posts   INTEGER NOT NULL DEFAULT 0,  -- published ones
  first   INTEGER,                     -- post that opens it (the earliest published)
  last    INTEGER NOT NULL,            -- date of the latest published post
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX thread_forum ON thread (forum, pinned, last, id, posts, state); -- the last two for counting alone
CREATE INDEX thread_last ON thread (last, id);
CREATE INDEX thread_merged ON thread (merged) WHERE merged IS NOT NULL;

CREATE TABLE raw (                     -- octets as they came: a mail or an upload
  id     INTEGER PRIMARY KEY,
  hash   BLOB NOT NULL,                -- SHA-256
  size   INTEGER NOT NULL,
  octets BLOB                          -- up to 64 KiB; NULL: the file blobs/HASH
) STRICT;
CREATE INDEX raw_hash ON raw (hash) WHERE octets IS NULL;

CREATE TABLE post (
  id         INTEGER PRIMARY KEY,
  forum      INTEGER NOT NULL REFERENCES forum(id),
  thread     INTEGER REFERENCES thread(id), -- NULL until published for the first time
  parent     INTEGER REFERENCES post(id),
  awaits     TEXT,                     -- Message-ID of the true parent while that is not here (a ghost)
  chain      TEXT NOT NULL DEFAULT '', -- References of the original, root first, space between; threading only
  state      TEXT NOT NULL CHECK (state IN ('held','published','refused','hidden','withdrawn')),
  hold       TEXT NOT NULL DEFAULT '', -- reason it waits: a word of rules/posting.h
  date       INTEGER NOT NULL,         -- shown and sorted by: (date, id)
  sent       INTEGER NOT NULL,         -- the author's own Date
  message_id TEXT NOT NULL,            -- without brackets; for ever
  alias      TEXT,                     -- the Message-ID it came with, where that was taken
  subject    TEXT NOT NULL,
  author     INTEGER NOT NULL REFERENCES person(id),
  author_shown       TEXT NOT NULL,    -- as shown that day
  organisation_shown TEXT NOT NULL DEFAULT '',
  capacity   TEXT NOT NULL DEFAULT '', -- "resident", "association", "moderator", "townhall" ...
  door       TEXT NOT NULL CHECK (door IN ('web','mail','console','import')),
  proof      TEXT NOT NULL DEFAULT '', -- how the author was proved: session, token, results, local, author, none
  body_hash  BLOB NOT NULL,            -- SHA-256 of the canonical text
  raw        INTEGER REFERENCES raw(id), -- the mail it came as
  kind       TEXT NOT NULL CHECK (kind IN ('mail','markdown')), -- what source is
  renderer   INTEGER NOT NULL,         -- version of the renderer that made html
  decided_by INTEGER REFERENCES person(id), -- moderator, where one decided
  decided    INTEGER,
  why        TEXT NOT NULL DEFAULT '', -- reason told to the author
                                       -- the long ones last, the one that pages read first of them:
  html       TEXT NOT NULL,            -- safe, from the parser
  text       TEXT NOT NULL,            -- own words, plain: mail copies, search, excerpts
  source     TEXT NOT NULL             -- whole text as it came, decoded
) STRICT;
CREATE INDEX post_thread ON post (thread, date, id) WHERE thread IS NOT NULL;
CREATE INDEX post_held ON post (forum, id) WHERE state = 'held';
CREATE INDEX post_published ON post (forum, id) WHERE state = 'published';
CREATE INDEX post_decided ON post (state) WHERE state IN ('refused','hidden','withdrawn');
CREATE INDEX post_message ON post (message_id, forum);
CREATE INDEX post_alias ON post (alias, forum) WHERE alias IS NOT NULL;
CREATE INDEX post_awaits ON post (awaits, forum) WHERE awaits IS NOT NULL;
CREATE INDEX post_author ON post (author, state);
CREATE INDEX post_raw ON post (raw) WHERE raw IS NOT NULL;

-- By which a post is known to be as it was written, each time it is read: small, and beside it,
-- since behind the long columns it would cost the reading of all of them.
CREATE TABLE post_sum (
  post   INTEGER PRIMARY KEY REFERENCES post(id) ON DELETE CASCADE,
  page   INTEGER NOT NULL,             -- subject, shown names, capacity, html
  text   INTEGER NOT NULL,
  source INTEGER NOT NULL
) STRICT;

CREATE TABLE reference (               -- every Message-ID of published posts and their chains: which thread it belongs to
  forum      INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  thread     INTEGER NOT NULL,
  post       INTEGER,                  -- NULL: a ghost, named but not here
  PRIMARY KEY (forum, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_thread ON reference (thread);

CREATE TABLE attachment (              -- an extent of a raw
  id       INTEGER PRIMARY KEY,
  public   TEXT NOT NULL UNIQUE,       -- 26 letters, drawn: its name in URLs
  post     INTEGER NOT NULL REFERENCES post(id),
  position INTEGER NOT NULL,
  name     TEXT NOT NULL,
  type     TEXT NOT NULL,              -- media type as declared, lower case
  raw      INTEGER NOT NULL REFERENCES raw(id),
  offset   INTEGER NOT NULL,           -- octets
  length   INTEGER NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('none','base64','qp')),
  size     INTEGER NOT NULL            -- octets once decoded
) STRICT;
CREATE INDEX attachment_post ON attachment (post, position);
CREATE INDEX attachment_raw ON attachment (raw);

CREATE VIRTUAL TABLE search USING fts5 (
  subject, text, author,
  content = '', tokenize = 'unicode61 remove_diacritics 2'
);                                     -- rowid: day and post.id (store/search.h); only published posts
-- Segments are merged in idle time, in short slices (store/db_tend.c), never within a post's commit.
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('crisismerge', 64);

-- Who receives ------------------------------------------------------------------

CREATE TABLE subscription (
  forum  INTEGER NOT NULL REFERENCES forum(id),
  person INTEGER NOT NULL REFERENCES person(id),
  mode   TEXT NOT NULL CHECK (mode IN ('each','topics','daily','weekly','none')),
  paused INTEGER,                      -- until then
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

-- Mail in and out ---------------------------------------------------------------

CREATE TABLE inbox (                   -- one row a recipient of a mail we answered 250 to
  id        INTEGER PRIMARY KEY,
  raw       INTEGER NOT NULL REFERENCES raw(id),
  recipient TEXT NOT NULL,             -- local part at our domain, as given
  mail_from TEXT NOT NULL,             -- envelope sender, '' for <>
  peer      TEXT NOT NULL,             -- where it came from: "127.0.0.1", "local"
  door      TEXT NOT NULL CHECK (door IN ('smtp','lmtp','fetch','console')),
  received  INTEGER NOT NULL,
  state     TEXT NOT NULL CHECK (state IN ('new','done','aside')),
  tries     INTEGER NOT NULL DEFAULT 0, -- deaths of a process while at it
  outcome   TEXT NOT NULL DEFAULT '',  -- published, held, merged, refused, bounce, dropped-…, command
  post      INTEGER REFERENCES post(id),
  note      TEXT NOT NULL DEFAULT ''   -- why, for the administrator
) STRICT;
CREATE INDEX inbox_new ON inbox (id) WHERE state = 'new';
CREATE INDEX inbox_aside ON inbox (id) WHERE state = 'aside';
CREATE INDEX inbox_raw ON inbox (raw);

CREATE TABLE notice (                  -- a mail of the house itself: sign-in link, held, refused ...
  id       INTEGER PRIMARY KEY,
  template TEXT NOT NULL,              -- themes/…/mail/NAME
  forum    INTEGER REFERENCES forum(id),
  post     INTEGER REFERENCES post(id),
  reply_to TEXT NOT NULL DEFAULT '',   -- local part, where an answer means something
  answers  TEXT NOT NULL DEFAULT '',   -- Message-ID it answers
  message_id TEXT NOT NULL,
  input    BLOB NOT NULL,              -- encoded fields for the template
  created  INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (                  -- one row a recipient
  id       INTEGER PRIMARY KEY,
  post     INTEGER REFERENCES post(id),
  notice   INTEGER REFERENCES notice(id),
  person   INTEGER NOT NULL REFERENCES person(id),
  address  INTEGER NOT NULL REFERENCES address(id),
  state    TEXT NOT NULL CHECK (state IN ('due','sent','failed','cancelled','aside')),
  attempts INTEGER NOT NULL DEFAULT 0,
  tries    INTEGER NOT NULL DEFAULT 0, -- deaths of the relay while at it
  next     INTEGER NOT NULL,           -- not before
  created  INTEGER NOT NULL,
  done     INTEGER,                    -- when it left 'due'
  answer   TEXT NOT NULL DEFAULT '',   -- last answer of the other side, cleaned
  bounced  INTEGER,                    -- when a report said it failed after all
  CHECK ((post IS NULL) <> (notice IS NULL))
) STRICT;
CREATE INDEX outbox_due ON outbox (next, id) WHERE state = 'due';
CREATE INDEX outbox_post ON outbox (post, person);
CREATE INDEX outbox_person ON outbox (person) WHERE state = 'due';
CREATE INDEX outbox_notice ON outbox (notice) WHERE notice IS NOT NULL;
CREATE INDEX outbox_over ON outbox (state) WHERE state IN ('failed','cancelled','aside');

CREATE TABLE bounce (
  id      INTEGER PRIMARY KEY,
  outbox  INTEGER REFERENCES outbox(id),
  person  INTEGER NOT NULL REFERENCES person(id),
  address INTEGER NOT NULL REFERENCES address(id),
  date    INTEGER NOT NULL,
  hard    INTEGER NOT NULL CHECK (hard IN (0,1)),
  status  TEXT NOT NULL,               -- RFC 3463 code, '' if none
  text    TEXT NOT NULL                -- diagnostic, cleaned
) STRICT;
CREATE INDEX bounce_address ON bounce (address, date);
CREATE INDEX bounce_outbox ON bounce (outbox) WHERE outbox IS NOT NULL;

-- The house itself --------------------------------------------------------------

CREATE TABLE act_key (                 -- an act seen again answers its first outcome
  key     BLOB PRIMARY KEY,            -- SHA-256 of act, actor and key
  date    INTEGER NOT NULL,
  outcome BLOB NOT NULL                -- encoded answer
) STRICT, WITHOUT ROWID;
CREATE INDEX act_key_date ON act_key (date);

CREATE TABLE journal (                 -- every act that decides something; append-only, chained
  id      INTEGER PRIMARY KEY,
  date    INTEGER NOT NULL,
  act     TEXT NOT NULL,
  actor   INTEGER,                     -- person; NULL: administrator at the console, or the house
  door    TEXT NOT NULL,
  object  TEXT NOT NULL,               -- "post 12"
  forum   INTEGER,
  outcome TEXT NOT NULL,               -- done, or the kind of refusal
  text    INTEGER,                     -- journal_text, erasable
  texthash BLOB NOT NULL,              -- SHA-256(salt | text), '' hashed where none
  chain   BLOB NOT NULL                -- SHA-256(previous chain | all columns above)
) STRICT;

CREATE TABLE journal_text (
  id   INTEGER PRIMARY KEY,
  salt BLOB NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE rate (                    -- counters of the named limits
  name   TEXT NOT NULL,
  subject TEXT NOT NULL,               -- person, address hash, "all"
  window INTEGER NOT NULL,             -- start of the window
  count  INTEGER NOT NULL,
  PRIMARY KEY (name, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE counter (                 -- what happened how often, for /metrics and the judge
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (                     -- work of the house for later, done in slices
  id    INTEGER PRIMARY KEY,
  name  TEXT NOT NULL,
  next  INTEGER NOT NULL,
  state BLOB NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What anonymous readers may see has a version: cached pages are keyed by it.
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
