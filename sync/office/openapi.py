"""What machines may ask and what they are told, as OpenAPI 3.1: the tests ask everything that stands here."""

from typing import Any

from sync.office.reporting import LARGEST_PAGE, LONGEST, PAGE

Json = dict[str, Any]

_DAY: Json = {"type": "string", "format": "date"}
_MOMENT: Json = {"type": "string", "format": "date-time"}
_NAMED: Json = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
}


def _or_null(of: Json) -> Json:
    return {"anyOf": [of, {"type": "null"}]}


def _query(name: str, what: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "description": what, "schema": schema}


_LIMIT = _query(
    "limit", "How many at once.", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE}
)
_SPAN = [
    _query("from", f"The first local day; at most {LONGEST} days. Without it the last four weeks.", _DAY),
    _query("to", "The last local day. Without it today.", _DAY),
]
_PLACE = _query("place", "Only what is at and below this place.", {"type": "integer", "minimum": 1})
_NARROWED = [
    _query("touchpoint", "Only touchpoints of this name.", {"type": "string"}),
    _query("lang", "Only answers in this language.", {"type": "string"}),
    _query("flagged", "Whether flagged answers are among them.", {"enum": ["with", "without", "only"]}),
]
_SCORE: Json = {
    "type": "object",
    "required": ["place", "question", "from", "to", "score", "interval", "n", "early"],
    "properties": {
        "place": _NAMED,
        "question": {
            "type": "object",
            "required": ["id", "scale"],
            "properties": {"id": {"type": "string"}, "scale": {"type": "string"}},
        },
        "from": _DAY,
        "to": _DAY,
        "score": _or_null({"type": "number"}),
        "interval": _or_null(
            {
                "type": "object",
                "required": ["low", "high"],
                "properties": {"low": {"type": "number"}, "high": {"type": "number"}},
            }
        ),
        "n": _or_null({"type": "integer", "minimum": 5}),
        "early": {"type": "boolean"},
        "complete_through": _or_null(_MOMENT),
        "crews_together": {
            "type": "array",
            "description": "What the crews there were answered together, by question; they are in no other figure.",
            "items": {
                "type": "object",
                "required": ["question", "score", "interval", "n", "crews", "days"],
                "properties": {
                    "question": {
                        "type": "object",
                        "required": ["id", "scale"],
                        "properties": {"id": {"type": "string"}, "scale": {"type": "string"}},
                    },
                    "score": {"type": "number"},
                    "interval": {
                        "type": "object",
                        "required": ["low", "high"],
                        "properties": {"low": {"type": "number"}, "high": {"type": "number"}},
                    },
                    "n": {"type": "integer", "minimum": 5},
                    "crews": {"type": "integer", "minimum": 2},
                    "days": {"type": "integer"},
                },
            },
        },
    },
}
_PLACE_ROW: Json = {
    "type": "object",
    "required": ["id", "parent", "kind", "name", "ref", "zone", "opened", "closed"],
    "properties": {
        "id": {"type": "integer"},
        "parent": _or_null({"type": "integer"}),
        "kind": {"enum": ["group", "store", "crew"]},
        "name": {"type": "string"},
        "ref": _or_null({"type": "string"}),
        "zone": {"type": "string"},
        "opened": _or_null(_DAY),
        "closed": _or_null(_DAY),
    },
}
_ANSWER_FIELDS: Json = {
    "id": {"type": "string"},
    "revision": {"type": "integer", "minimum": 1},
    "place": _NAMED,
    "touchpoint": {"type": "string"},
    "terminal": {"type": "string"},
    "survey": {
        "type": "object",
        "required": ["id", "version"],
        "properties": {"id": {"type": "string"}, "version": {"type": "integer"}},
    },
    "question": _or_null({"type": "string"}),
    "scale": _or_null({"type": "string"}),
    "value": _or_null({"type": "integer"}),
    "reasons": {"type": "array", "items": {"type": "string"}},
    "language": {"type": "string"},
    "given": _MOMENT,
    "given_error_s": {"type": "integer", "minimum": 0},
    "day": _DAY,
    "hour": _or_null({"type": "integer", "minimum": 0, "maximum": 23}),
    "flags": {"type": "array", "items": {"type": "string"}},
    "counts": {"type": "boolean"},
    "received": _MOMENT,
}
_ANSWER: Json = {"type": "object", "required": list(_ANSWER_FIELDS), "properties": _ANSWER_FIELDS}
_COMMENT: Json = {
    "type": "object",
    "required": [*_ANSWER_FIELDS, "comment"],
    "properties": {**_ANSWER_FIELDS, "comment": {"type": "string"}},
}
_PROBLEM: Json = {
    "type": "object",
    "required": ["code", "status", "title"],
    "properties": {"code": {"type": "string"}, "status": {"type": "integer"}, "title": {"type": "string"}},
}
_REFUSALS: Json = {
    code: {"description": what, "content": {"application/problem+json": {"schema": _PROBLEM}}}
    for code, what in {
        "400": "Something in the question cannot be meant; `title` says what is allowed.",
        "401": "No key, or none in use.",
        "403": "The key is of another kind.",
        "404": "Not in the part of the tree that the key is for.",
        "429": "Too often; `Retry-After` says how long to wait.",
    }.items()
}


def _list(name: str, item: Json) -> Json:
    return {
        "type": "object",
        "required": [name, "next"],
        "properties": {
            name: {"type": "array", "items": item},
            "next": _or_null({"type": "string", "description": "The address that goes on."}),
        },
    }


def _get(what: str, kind: str, schema: Json, parameters: list[Json]) -> Json:
    return {
        "get": {
            "summary": what,
            "description": f"Needs a key of the kind “{kind}”.",
            "security": [{"key": []}],
            "parameters": parameters,
            "responses": {
                "200": {"description": "As asked for.", "content": {"application/json": {"schema": schema}}},
                "304": {"description": "Nothing changed since the answer with this ETag."},
                **_REFUSALS,
            },
        }
    }


_NUMBER = _query("after", "As `next` says.", {"type": "integer", "minimum": 0})
_CURSOR = _query("after", "As `next` says.", {"type": "string", "pattern": "^[0-9]{1,15}[.][!-~]{1,40}$"})
_QUESTION = _query("question", "Its id; without it the one that was answered most.", {"type": "string"})
_IN_PATH: Json = {"name": "place", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}

DESCRIPTION: Json = {
    "openapi": "3.1.0",
    "info": {
        "title": "Smilepost",
        "version": "1",
        "description": "Places, scores and answers for programs. Whatever a key of the kind “read” gets moves by five "
        "answers at a time, and nothing tells what fewer said.",
    },
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/api/v1/places": _get("The places of the tree", "read", _list("places", _PLACE_ROW), [_NUMBER, _LIMIT]),
        "/api/v1/places/{place}/scores": _get(
            "The score of a place or of a group", "read", _SCORE, [_IN_PATH, _QUESTION, *_SPAN]
        ),
        "/api/v1/scores": _get(
            "The scores of places", "read", _list("scores", _SCORE), [_PLACE, _QUESTION, *_SPAN, _NUMBER, _LIMIT]
        ),
        "/api/v1/responses": _get(
            "Single answers, in the order in which they came in or were changed",
            "responses",
            _list("responses", _ANSWER),
            [_PLACE, *_SPAN, *_NARROWED, _CURSOR, _LIMIT],
        ),
        "/api/v1/comments": _get(
            "Comments that are not hidden, in the same order",
            "responses",
            _list("comments", _COMMENT),
            [_PLACE, *_SPAN, *_NARROWED, _CURSOR, _LIMIT],
        ),
    },
}
