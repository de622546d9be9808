"""What travels between coordinator and workers: JSON text that is checked on arrival.

Nothing is unpickled but our own strings, so nothing that student code can reach is executed by
being read.
"""

import json
from typing import Any

import jsonschema
from jsonschema.exceptions import best_match

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_NAMED_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_SCORES = {"type": "object", "additionalProperties": {"type": ["number", "null"], "minimum": 0}}


def _record(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


SOURCE = _record(
    name=_TEXT,
    kernelspec={"type": ["string", "null"]},
    cells={
        "type": "array",
        "items": _record(
            name=_TEXT,
            cell_type=_TEXT,
            source=_TEXT,
            locked={"type": "boolean"},
            checksum={"type": ["string", "null"]},
        ),
    },
    grades=_SCORES,
    solutions=_TEXTS,
    tasks=_SCORES,
)
"""The instructor's version of a notebook, as the gradebook holds it."""

JOB = _record(
    student=_TEXT,
    assignment=_TEXT,
    notebooks={"type": "array", "items": _record(name=_TEXT, content=_TEXT, source=SOURCE)},
    files=_NAMED_TEXTS,
    given=_TEXTS,
    settings={"type": "object"},
)
"""One submission to grade; `content` and `files` hold base64, `given` names the
instructor's files."""

RESULT = _record(
    student=_TEXT,
    assignment=_TEXT,
    failure={"type": ["string", "null"], "pattern": r"^[^\r\n]*$"},
    notebooks={
        "type": "array",
        "items": _record(
            name=_TEXT,
            autograded=_TEXT,
            scores=_SCORES,
            comments={"type": "object", "additionalProperties": {"type": ["string", "null"]}},
            flags=_TEXTS,
            notes=_TEXTS,
            timings={"type": "object", "additionalProperties": {"type": "number"}},
        ),
    },
    seconds={"type": "object", "additionalProperties": {"type": "number"}},
)
"""What a worker found out about one submission."""

_VALIDATORS = {id(schema): jsonschema.Draft7Validator(schema) for schema in (JOB, RESULT)}


def dump(message: dict[str, Any], schema: dict[str, object]) -> str:
    """Return a message as JSON text.

    Raises
    ------
    ValueError
        If it doesn't fit its schema.
    """
    _check(message, schema)
    return json.dumps(message, allow_nan=False)


def load(text: str, schema: dict[str, object]) -> dict[str, Any]:
    """Return the message in a JSON text.

    Raises
    ------
    ValueError
        If the text is no JSON or doesn't fit its schema.

    Examples
    --------
    >>> load('{"student": 1}', RESULT)
    Traceback (most recent call last):
    ...
    ValueError: expected a message with assignment, failure, notebooks, seconds, student:
    student: 1 is not of type 'string'
    """
    message = json.loads(text)
    _check(message, schema)
    return message


def _check(message: object, schema: dict[str, Any]) -> None:
    errors = sorted(_VALIDATORS[id(schema)].iter_errors(message), key=lambda error: len(error.path))
    for error in reversed(errors):
        where = "/".join(map(str, error.path)) or "message"
        names = ", ".join(sorted(schema["properties"]))
        raise ValueError(f"expected a message with {names}: {where}: {error.message[:200]}")


_checked: list[tuple[dict[str, Any], Any]] = []


def validate(instance: object, schema: dict[str, Any]) -> None:
    """Do what `jsonschema.validate` does, but check the schema itself only the first time.

    nbgrader validates every cell's metadata, and nine tenths of that time went into its schema.

    Raises
    ------
    jsonschema.ValidationError
        If the instance doesn't fit.
    """
    validator = next((validator for known, validator in _checked if known == schema), None)
    if validator is None:
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        validator = kind(schema)
        _checked.append((schema, validator))
    error = best_match(validator.iter_errors(instance))
    if error is not None:
        raise error
