"""The tables of a library, as statements that lead from each format of the file to the next."""

MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    INSERT INTO meta VALUES ('revision', '0');
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER NOT NULL,
        origin TEXT NOT NULL, name TEXT NOT NULL, file TEXT NOT NULL,
        title TEXT, source TEXT, published TEXT, uri TEXT, media_type TEXT NOT NULL,
        length INTEGER NOT NULL, sentences INTEGER NOT NULL, text_sha256 TEXT NOT NULL,
        stated TEXT NOT NULL, set_by_person TEXT NOT NULL, record_sha256 TEXT NOT NULL,
        UNIQUE (origin, name)) STRICT;
    CREATE INDEX documents_by_file ON documents (file);
    CREATE INDEX documents_by_name ON documents (name);
    CREATE INDEX documents_by_revision ON documents (revision);
    CREATE TABLE parts (
        document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        start INTEGER NOT NULL, length INTEGER NOT NULL, text TEXT NOT NULL,
        text_sha256 TEXT NOT NULL, spans_sha256 TEXT NOT NULL,
        PRIMARY KEY (document_id, start)) STRICT;
    CREATE TABLE vectors (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
        vector BLOB NOT NULL, crc32 INTEGER NOT NULL) STRICT;
    CREATE TABLE sentences (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        start INTEGER NOT NULL, end INTEGER NOT NULL,
        vector_id INTEGER NOT NULL REFERENCES vectors) STRICT;
    CREATE INDEX sentences_by_document ON sentences (document_id, start);
    CREATE INDEX sentences_by_vector ON sentences (vector_id);
    CREATE TABLE files (
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, given TEXT NOT NULL) STRICT;
    CREATE TABLE departed (
        document_id INTEGER PRIMARY KEY, at TEXT NOT NULL, replaced_by INTEGER) STRICT;
    """,
    # The only writer gives a document's sentences ids without gaps, so the first one tells them all.
    """
    ALTER TABLE documents ADD COLUMN first_sentence INTEGER;
    UPDATE documents SET first_sentence = (SELECT min(id) FROM sentences WHERE document_id = documents.id);
    """,
    # JSON: where pages begin; where sections begin, and their names. NULL where there are none.
    """
    ALTER TABLE documents ADD COLUMN author TEXT;
    ALTER TABLE documents ADD COLUMN pages TEXT;
    ALTER TABLE documents ADD COLUMN sections TEXT;
    """,
    # JSON: (offset in the part, length there, what is printed instead). NULL where a part has none.
    """
    ALTER TABLE parts ADD COLUMN printed TEXT;
    ALTER TABLE parts ADD COLUMN printed_sha256 TEXT;
    """,
    # What no hash covered (`row_crc32`), NULL in older rows; and how often was committed (`counted`).
    """
    ALTER TABLE files ADD COLUMN crc32 INTEGER;
    ALTER TABLE departed ADD COLUMN crc32 INTEGER;
    INSERT OR IGNORE INTO meta VALUES ('commits', '0');
    INSERT OR IGNORE INTO meta VALUES ('made', lower(hex(randomblob(8))));
    """,
)
