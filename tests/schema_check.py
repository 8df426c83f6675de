"""A small JSON Schema check: the keywords our schema uses, and an error for any other."""

import re
from typing import Any

KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}
KNOWN = {
    "$schema", "$id", "title", "description", "type", "properties", "required", "additionalProperties", "items", "enum",
    "const", "pattern", "minLength", "exclusiveMaximum", "oneOf", "allOf", "if", "then", "not",
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any], at: str = "$") -> list[str]:
    """Return one sentence per fault of a value against a schema."""
    unknown = set(schema) - KNOWN
    assert not unknown, f"the check does not know {unknown}"
    found = [*_kind(value, schema, at), *_limits(value, schema, at), *_parts(value, schema, at)]
    if "oneOf" in schema and sum(not faults(value, s, at) for s in schema["oneOf"]) != 1:
        found.append(f"{at}: not exactly one of the alternatives")
    if "not" in schema and not faults(value, schema["not"], at):
        found.append(f"{at}: is what it must not be")
    for rule in schema.get("allOf", []):
        if "if" in rule:
            found += faults(value, rule["then"], at) if not faults(value, rule["if"], at) else []
        else:
            found += faults(value, rule, at)
    return found


def _is(value: Any, kind: str) -> bool:
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def _kind(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, k) for k in kinds):
        return [f"{at}: {value!r} is no {' or '.join(kinds)}"]
    return []


def _limits(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: {value!r} is not {schema['const']!r}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{at}: {value!r} does not match {schema['pattern']}")
    if len(value if isinstance(value, str) else "x" * 99) < schema.get("minLength", 0):
        found.append(f"{at}: too short")
    if "exclusiveMaximum" in schema and _is(value, "number") and value >= schema["exclusiveMaximum"]:
        found.append(f"{at}: {value} is too large")
    return found


def _parts(value: Any, schema: dict[str, Any], at: str) -> list[str]:
    found = []
    if isinstance(value, dict):
        own = schema.get("properties", {})
        found += [f"{at}: lacks {key}" for key in schema.get("required", []) if key not in value]
        for key, part in value.items():
            if key in own:
                found += faults(part, own[key], f"{at}.{key}")
            elif schema.get("additionalProperties") is False:
                found.append(f"{at}: unexpected {key}")
            elif isinstance(schema.get("additionalProperties"), dict):
                found += faults(part, schema["additionalProperties"], f"{at}.{key}")
    if isinstance(value, list) and "items" in schema:
        for k, part in enumerate(value):
            found += faults(part, schema["items"], f"{at}[{k}]")
    return found
