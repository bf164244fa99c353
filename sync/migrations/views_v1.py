"""Views for Metabase, Grafana and the like, on SQLite and PostgreSQL. What stands here does not change: other columns
are other views, beginning with v2_, beside these. A later migration that changes a table below them drops them first
and makes them again.

- v1_places: a row a group, store or crew, with its time zone, inherited or its own.
- v1_days, v1_hours: how often each value (s0 … s10) was given, by place, touchpoint, question, language and the place's
  own day or hour; what is flagged stands apart. `score` is NULL below 5 answers. Scores are never averaged: that of
  several rows of one scale is sum(points) / sum(n).
- v1_days_shown: the same by place, question and day, as everybody may see it: it moves by five answers at a time, and
  days with few stand together under the last of them.
- v1_responses: a row an answer, without words, without how to reach anybody, without test taps.
- v1_comments: the same with words, only those that have some and were not hidden.

Whoever is to see no single answers is given v1_places and v1_days_shown alone.
"""

from sqlalchemy import Connection

NAMES = ("v1_places", "v1_days", "v1_hours", "v1_days_shown", "v1_responses", "v1_comments")

# The survey that comes with Smilepost stands in no table; its question keeps its name and its scale for ever, too.
_QUESTIONS = """(
    SELECT id, scale FROM questions
    UNION ALL SELECT 'visit', 'smiley4' WHERE NOT EXISTS (SELECT 1 FROM questions WHERE id = 'visit')
)"""
_SURVEYS = """(
    SELECT id, version, definition FROM surveys UNION ALL SELECT 'builtin', 1, '{"questions": [{"id": "visit"}]}'
)"""

_VALUES = ", ".join(f"t.s{value}" for value in range(11))

# The sum of what each answer counts (sync.scores.weights), so that every score is points / n.
_POINTS = """CASE q.scale
        WHEN 'smiley4' THEN 100.0 * (t.s1 + 2 * t.s2 + 3 * t.s3) / 3
        WHEN 'smiley5' THEN 25.0 * (t.s1 + 2 * t.s2 + 3 * t.s3 + 4 * t.s4)
        WHEN 'nps11' THEN 100.0 * (t.s9 + t.s10 - t.s0 - t.s1 - t.s2 - t.s3 - t.s4 - t.s5 - t.s6)
        WHEN 'csat5' THEN 100.0 * (t.s4 + t.s5)
        WHEN 'ces7' THEN 1.0 * (t.s1 + 2 * t.s2 + 3 * t.s3 + 4 * t.s4 + 5 * t.s5 + 6 * t.s6 + 7 * t.s7)
        WHEN 'yesno' THEN 100.0 * t.s1
    END"""
_COUNTED = f"""t.n, {_VALUES}, CAST({_POINTS} AS DOUBLE PRECISION) AS points,
    CAST(CASE WHEN t.n >= 5 THEN {_POINTS} / t.n END AS DOUBLE PRECISION) AS score"""

# From the roots down: each place is visited once, however deep the tree.
_PLACES = """WITH RECURSIVE tree (id, zone, full_name) AS (
    SELECT id, coalesce(zone, 'UTC'), name FROM locations WHERE parent_id IS NULL
    UNION ALL
    SELECT l.id, coalesce(l.zone, tree.zone), tree.full_name || ' / ' || l.name
    FROM locations l JOIN tree ON tree.id = l.parent_id
)
SELECT l.id AS place_id, l.parent_id, l.path, l.kind, l.name AS place, tree.full_name, l.ref, tree.zone,
    {opened} AS opened, {closed} AS closed
FROM locations l JOIN tree ON tree.id = l.id"""

_TALLIES = """SELECT t.location_id AS place_id, l.name AS place, t.touchpoint_id, p.name AS touchpoint,
    t.lang AS language, t.question, q.scale, {bucket}, t.aside AS flagged, {counted}
FROM {table} t
JOIN locations l ON l.id = t.location_id
LEFT JOIN touchpoints p ON p.id = t.touchpoint_id
LEFT JOIN {questions} q ON q.id = t.question
WHERE t.choice = '' AND t.n > 0"""

_SHOWN = """SELECT t.location_id AS place_id, l.name AS place, t.question, q.scale, {day} AS day, {counted}
FROM shown_day t
JOIN locations l ON l.id = t.location_id
LEFT JOIN {questions} q ON q.id = t.question
WHERE t.choice = '' AND t.n > 0"""

# Which question came first is what the survey said in the version that was answered.
_RESPONSES = """SELECT r.id, r.rev AS revision, r.location_id AS place_id, l.name AS place, r.touchpoint_id,
    p.name AS touchpoint, r.device_id AS terminal, r.survey, r.version,
    {question} AS question, {value} AS value, r.lang AS language, {given} AS given_utc,
    (r.error_ms + 999) / 1000 AS given_error_s, {day} AS day, r.hour % 24 AS hour, r.flags, NOT r.aside AS counts,
    {received} AS received_utc{more}
FROM responses r
JOIN locations l ON l.id = r.location_id
LEFT JOIN touchpoints p ON p.id = r.touchpoint_id
WHERE NOT r.test{those}"""
_SPOKEN = """ AND r.commented AND NOT EXISTS (
    SELECT 1 FROM moderation m WHERE m.response_id = r.id AND m.hidden_ms IS NOT NULL
)"""

# JSON can write a NUL, which no text can hold, and nothing at all could be read: it is left out. The backslashes of a
# customer's own stand aside meanwhile as a character that JSON never holds.
_READABLE = r"replace(replace(replace(r.body, '\\', {one}), '\u0000', ''), {one}, '\\')"

_SQLITE = {
    "day": "date({} * 86400, 'unixepoch')",
    "moment": "strftime('%Y-%m-%dT%H:%M:%SZ', {} / 1000, 'unixepoch')",
    "first": """(
        SELECT {what}
        FROM {surveys} s, json_each(s.definition, '$.questions') asked, json_each({body}, '$.answers') given
        WHERE s.id = r.survey AND s.version = r.version AND given.type = 'integer'
            AND given.key = json_extract(asked.value, '$.id')
            AND (asked.key = 0 OR json_extract(asked.value, '$.pool')
                = json_extract(s.definition, '$.questions[0].pool'))
        LIMIT 1
    )""",
    "question": "given.key",
    "value": "given.value",
    "body": f"CASE WHEN json_valid(r.body) THEN {_READABLE.format(one='char(1)')} ELSE '{{}}' END",
    "words": """(
        SELECT group_concat(said, char(10) || char(10)) FROM (
            SELECT trim(value, ' ' || char(9) || char(10) || char(13)) AS said FROM json_each({body}, '$.answers')
            WHERE type = 'text' ORDER BY id
        ) WHERE said <> ''
    )""",
}
_POSTGRESQL = {
    "day": "DATE '1970-01-01' + {}",
    "moment": "to_timestamp({} / 1000.0)",
    "first": """(
        SELECT {what} FROM {surveys} s,
            json_array_elements(s.definition::json -> 'questions') WITH ORDINALITY asked (question, at),
            json_each(({body})::json -> 'answers') given
        WHERE s.id = r.survey AND s.version = r.version AND given.value::text ~ '^-?[0-9]{{1,9}}$'
            AND given.key = asked.question ->> 'id'
            AND (asked.at = 1 OR asked.question ->> 'pool' = s.definition::json -> 'questions' -> 0 ->> 'pool')
        LIMIT 1
    )""",
    "question": "given.key",
    "value": "given.value::text::integer",
    "body": f"CASE WHEN left(r.body, 1) = '{{' THEN {_READABLE.format(one='chr(1)')} ELSE '{{\"answers\": {{}}}}' END",
    "words": """(
        SELECT string_agg(said, E'\\n\\n' ORDER BY at) FROM (
            SELECT btrim(value #>> '{{}}', E' \\t\\n\\r') AS said, at
            FROM json_each(({body})::json -> 'answers') WITH ORDINALITY answers (key, value, at)
            WHERE json_typeof(value) = 'string'
        ) AS words WHERE said <> ''
    )""",
}


def create(connection: Connection) -> None:
    """Make all of them. On PostgreSQL those that are there turn to the tables that are in place now, and whoever was
    given them keeps them."""
    is_postgresql = connection.dialect.name == "postgresql"
    make = "CREATE OR REPLACE VIEW" if is_postgresql else "CREATE VIEW"
    for name, query in _queries(_POSTGRESQL if is_postgresql else _SQLITE).items():
        # Not a statement with parameters: a % is a %.
        connection.exec_driver_sql(f"{make} {name} AS\n{query}", execution_options={"no_parameters": True})


def drop(connection: Connection) -> None:
    """Take all of them away, before a table below them changes."""
    for name in NAMES:
        connection.exec_driver_sql(f"DROP VIEW {name}")


def _queries(words: dict[str, str]) -> dict[str, str]:
    day, moment = words["day"].format, words["moment"].format
    answered = {
        "question": words["first"].format(what=words["question"], body=words["body"], surveys=_SURVEYS),
        "value": words["first"].format(what=words["value"], body=words["body"], surveys=_SURVEYS),
        "day": day("r.day"),
        "given": moment("r.captured_ms"),
        "received": moment("r.received_ms"),
    }
    said = f",\n    {words['words'].format(body=words['body'])} AS comment"
    hours = f"{day('t.hour / 24')} AS day, t.hour % 24 AS hour"
    return {
        "v1_places": _PLACES.format(opened=day("l.opened_day"), closed=day("l.closed_day")),
        "v1_days": _TALLIES.format(
            table="tallies_day", bucket=f"{day('t.day')} AS day", counted=_COUNTED, questions=_QUESTIONS
        ),
        "v1_hours": _TALLIES.format(table="tallies_hour", bucket=hours, counted=_COUNTED, questions=_QUESTIONS),
        "v1_days_shown": _SHOWN.format(day=day("t.day"), counted=_COUNTED, questions=_QUESTIONS),
        "v1_responses": _with_scale(_RESPONSES.format(**answered, more="", those="")),
        "v1_comments": _with_scale(_RESPONSES.format(**answered, more=said, those=_SPOKEN)),
    }


def _with_scale(query: str) -> str:
    """A question keeps its scale for ever, so it need not be looked for in the survey."""
    return f"SELECT r.*, q.scale FROM (\n{query}\n) r LEFT JOIN {_QUESTIONS} q ON q.id = r.question"  # noqa: S608
