# SPDX-License-Identifier: Apache-2.0
"""A check of JSON against the part of JSON Schema that the OpenAPI document uses."""

import re

_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def _is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, _TYPES[name])


def resolve(document, schema):
    """Follows a "$ref" into the document."""
    while "$ref" in schema:
        node = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema


def faults(document, schema, value, place="$"):
    """What is wrong with the value: a list of "place: what" texts; empty where nothing is."""
    schema = resolve(document, schema)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(_is_type(value, name) for name in names):
        return [f"{place}: {value!r} is no {' or '.join(names)}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{place}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{place}: {value!r} does not match {schema['pattern']}")
    if _is_type(value, "number") and value < schema.get("minimum", value):
        found.append(f"{place}: {value} is less than {schema['minimum']}")
    if isinstance(value, dict):
        found += _object_faults(document, schema, value, place)
    if isinstance(value, list):
        found += _array_faults(document, schema, value, place)
    return found


def _object_faults(document, schema, value, place):
    found = [f"{place}: {name} is missing" for name in schema.get("required", []) if name not in value]
    properties = schema.get("properties")
    if properties is None:
        return found
    for name, member in value.items():
        if name in properties:
            found += faults(document, properties[name], member, f"{place}.{name}")
        else:
            found.append(f"{place}: {name} is not described")
    return found


def _array_faults(document, schema, value, place):
    found = []
    if len(value) < schema.get("minItems", 0):
        found.append(f"{place}: fewer than {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        found.append(f"{place}: more than {schema['maxItems']} items")
    for index, item in enumerate(value):
        found += faults(document, schema.get("items", {}), item, f"{place}[{index}]")
    return found
