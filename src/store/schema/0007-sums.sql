-- By which a post is known to be as it was written, each time it is read. Posts that are there
-- already get theirs from what stands in them now (store/migrate.c).
CREATE TABLE post_sum (
  post   INTEGER PRIMARY KEY REFERENCES post(id) ON DELETE CASCADE,
  page   INTEGER NOT NULL,             -- subject, shown names, capacity, html
  text   INTEGER NOT NULL,
  source INTEGER NOT NULL
) STRICT;
