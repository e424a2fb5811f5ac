-- The index of words numbers its rows by day and post (store/search.h): made anew, and filled
-- by the program in the same transaction.
DROP TABLE search;
CREATE VIRTUAL TABLE search USING fts5 (
  subject, text, author,
  content = '', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO search (search, rank) VALUES ('automerge', 0);
INSERT INTO search (search, rank) VALUES ('crisismerge', 64);
