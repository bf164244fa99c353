"""The tables of the outbox, and the only way to them."""

import sqlite3

APPLICATION_ID = 0x534D4C50

_MIGRATIONS = (
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE drafts (
        id TEXT PRIMARY KEY, rev INTEGER NOT NULL, screen TEXT, boot TEXT NOT NULL,
        touched_ms INTEGER NOT NULL,  -- CLOCK_BOOTTIME of the last step, in `boot`
        body BLOB NOT NULL
    ) WITHOUT ROWID;
    -- Drafts that cannot be read any more: kept for a person to look at.
    CREATE TABLE damaged (id TEXT NOT NULL, rev INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE entries (
        n INTEGER PRIMARY KEY,  -- order of sealing
        id TEXT NOT NULL, rev INTEGER NOT NULL, stream TEXT NOT NULL, seq INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('sealed', 'acked', 'parked')),
        sha TEXT NOT NULL, body BLOB,
        sealed_boot TEXT NOT NULL, sealed_boottime_ms INTEGER NOT NULL, sealed_wall_ms INTEGER NOT NULL,
        verdict TEXT, code TEXT,
        acked_ms INTEGER,  -- the centre's time of its answer
        UNIQUE (id, rev), UNIQUE (stream, seq)
    );
    -- Serves: the oldest and the newest that wait.
    CREATE INDEX entries_waiting ON entries (n) WHERE state = 'sealed';
    CREATE TABLE anchors (
        boot TEXT NOT NULL, place TEXT NOT NULL CHECK (place IN ('first', 'last')),
        boottime_ms INTEGER NOT NULL, server_ms INTEGER NOT NULL, rtt_ms INTEGER NOT NULL,
        PRIMARY KEY (boot, place)
    ) WITHOUT ROWID;
    """,
    """
    -- `texts`: free text may be in the body. `audited`: 'kept' when an audit found it held long after its ack, so that
    -- the body may go; 'gone' when an audit missed it and the body was gone already.
    ALTER TABLE entries ADD COLUMN texts INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE entries ADD COLUMN audited TEXT CHECK (audited IN ('kept', 'gone'));
    -- Serve: whose text is wiped next, which body goes next, which bodies may go, what is lost, what is parked.
    CREATE INDEX entries_texts ON entries (acked_ms, n) WHERE state = 'acked' AND texts = 1;
    CREATE INDEX entries_bodies ON entries (acked_ms, n) WHERE state = 'acked' AND body IS NOT NULL;
    CREATE INDEX entries_kept ON entries (n) WHERE audited = 'kept' AND body IS NOT NULL;
    CREATE INDEX entries_gone ON entries (id, rev) WHERE audited = 'gone';
    CREATE INDEX entries_parked ON entries (code) WHERE state = 'parked';
    -- Which start was which: counted as this terminal lived through them.
    CREATE TABLE boots (boot TEXT PRIMARY KEY, n INTEGER NOT NULL UNIQUE) WITHOUT ROWID;
    INSERT INTO boots SELECT sealed_boot, row_number() OVER (ORDER BY min(n)) FROM entries GROUP BY sealed_boot;
    -- What became of the entries of each stream, kept by the database itself, so that a start need not count them.
    CREATE TABLE streams (
        stream TEXT PRIMARY KEY, sealed INTEGER NOT NULL DEFAULT 0, acked INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0, parked INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    INSERT INTO streams
        SELECT stream, max(seq), sum(state = 'acked'), sum(state = 'sealed'), sum(state = 'parked')
        FROM entries GROUP BY stream;
    CREATE TRIGGER entries_sealed AFTER INSERT ON entries BEGIN
        INSERT OR IGNORE INTO streams (stream) VALUES (new.stream);
        UPDATE streams SET sealed = max(sealed, new.seq), acked = acked + (new.state = 'acked'),
            pending = pending + (new.state = 'sealed'), parked = parked + (new.state = 'parked')
            WHERE stream = new.stream;
    END;
    CREATE TRIGGER entries_taken_out AFTER DELETE ON entries BEGIN
        UPDATE streams SET acked = acked - (old.state = 'acked'), pending = pending - (old.state = 'sealed'),
            parked = parked - (old.state = 'parked') WHERE stream = old.stream;
    END;
    CREATE TRIGGER entries_moved AFTER UPDATE OF state ON entries WHEN new.state <> old.state BEGIN
        UPDATE streams SET acked = acked + (new.state = 'acked') - (old.state = 'acked'),
            pending = pending + (new.state = 'sealed') - (old.state = 'sealed'),
            parked = parked + (new.state = 'parked') - (old.state = 'parked')
            WHERE stream = new.stream;
    END;
    """,
)


VERSION = len(_MIGRATIONS)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file to this version. A new one is written in a rollback journal, so that its header says whose it is
    from the first moment. Raises sqlite3.Error."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version >= VERSION:
        return
    steps = [*_MIGRATIONS[version:], f"PRAGMA application_id = {APPLICATION_ID}"]
    if version == 0:
        db.execute("PRAGMA journal_mode = DELETE").fetchall()
        steps.append("INSERT INTO facts VALUES ('stream', lower(hex(randomblob(8)))), ('next_seq', '1')")
    steps.append(f"PRAGMA user_version = {VERSION}")
    db.executescript(f"BEGIN IMMEDIATE; {'; '.join(steps)}; COMMIT;")
