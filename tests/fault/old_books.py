# SPDX-License-Identifier: AGPL-3.0-or-later
"""A book as an older version of the program would have left it, made of one of today.

    python3 -m tests.fault.old_books --schema src/store/schema --version 1 BOOK OLD

The tables are those of that version, drawn by its own migrations; the rows are those that a program of today wrote
through its doors, as far as the version has tables and columns for them.
"""
import argparse
import pathlib
import sqlite3
import unicodedata

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "src/store/schema"
APPLICATION = 1349674337
SEARCH_BY_DAY = 4           # from here on the index numbers its rows by day, and holds folded words
SEARCH_KEY = "(date / 86400 << 29 | id)"  # src/store/search.h


def steps(schema=SCHEMA):
    return sorted(pathlib.Path(schema).glob("[0-9]*.sql"))


def newest(schema=SCHEMA):
    return len(steps(schema))


def fold(text):
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


def tables(book):
    """{name: columns}; not the index, which is made anew."""
    names = [row[0] for row in book.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'"
                                            " AND name NOT LIKE 'search%' AND name NOT LIKE 'sqlite%'")]
    return {name: [row[1] for row in book.execute(f"PRAGMA main.table_info({name})")] for name in names}


def fill(book):
    for name, columns in tables(book).items():
        there = {row[1] for row in book.execute(f"PRAGMA today.table_info({name})")}
        both = ", ".join(column for column in columns if column in there)
        book.execute(f"INSERT OR REPLACE INTO main.{name} ({both}) SELECT {both} FROM today.{name}")


def fill_search(book, version):
    key, words = (SEARCH_KEY, "fold({})") if version >= SEARCH_BY_DAY else ("id", "{}")
    columns = ", ".join(words.format(column) for column in ("subject", "text", "author_shown"))
    book.execute(f"INSERT INTO search (rowid, subject, text, author) SELECT {key}, {columns} FROM post"
                 " WHERE state = 'published'")


def make(source, target, version, schema=SCHEMA):
    """target must not be there; source is not changed, and nobody serves it."""
    book = sqlite3.connect(f"file:{target}", uri=True, isolation_level=None)
    try:
        book.create_function("fold", 1, fold)
        book.execute("PRAGMA foreign_keys = OFF")
        for step in steps(schema)[:version]:
            book.executescript(step.read_text())
        book.execute("ATTACH ? AS today", (f"file:{source}?mode=ro",))
        book.execute("BEGIN")
        fill(book)
        fill_search(book, version)
        book.execute("COMMIT")
        book.execute("DETACH today")
        book.execute(f"PRAGMA application_id = {APPLICATION}")
        book.execute(f"PRAGMA user_version = {version}")
    finally:
        book.close()


def rows_of(path, only=None):
    """{table: its rows by their first columns}; `only` names tables and columns of another book."""
    book = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found = {}
        for name, columns in (only or tables(book)).items():
            there = {row[1] for row in book.execute(f"PRAGMA main.table_info({name})")}
            wanted = [column for column in columns if column in there]
            found[name] = sorted(book.execute(f"SELECT {', '.join(wanted)} FROM {name}").fetchall(), key=repr)
        return found
    finally:
        book.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schema", default=SCHEMA)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("book")
    parser.add_argument("old")
    options = parser.parse_args()
    make(options.book, options.old, options.version, options.schema)


if __name__ == "__main__":
    main()
