# SPDX-License-Identifier: Apache-2.0
"""The checker itself: a check that can not fail would prove nothing."""

import unittest

from schema_check import faults

DOCUMENT = {"components": {"schemas": {"Id": {"type": "string", "pattern": "^[0-9a-f]+$"}}}}
SCHEMA = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"$ref": "#/components/schemas/Id"},
        "n": {"type": "integer", "minimum": 0},
        "kind": {"enum": ["a", "b"]},
        "list": {"type": "array", "maxItems": 1, "items": {"type": ["string", "null"]}},
    },
}


class SchemaCheck(unittest.TestCase):
    def test_takes_what_fits(self):
        value = {"id": "1f", "n": 0, "kind": "a", "list": [None]}
        self.assertEqual(faults(DOCUMENT, SCHEMA, value), [])

    def test_names_what_does_not(self):
        for value, fault in [
            ([], "$: [] is no object"),
            ({}, "$: id is missing"),
            ({"id": "x"}, "$.id: 'x' does not match ^[0-9a-f]+$"),
            ({"id": "1", "n": -1}, "$.n: -1 is less than 0"),
            ({"id": "1", "n": True}, "$.n: True is no integer"),
            ({"id": "1", "kind": "c"}, "$.kind: 'c' is none of ['a', 'b']"),
            ({"id": "1", "list": ["a", "b"]}, "$.list: more than 1 items"),
            ({"id": "1", "list": [1]}, "$.list[0]: 1 is no string or null"),
            ({"id": "1", "other": 1}, "$: other is not described"),
        ]:
            with self.subTest(fault):
                self.assertEqual(faults(DOCUMENT, SCHEMA, value), [fault])


if __name__ == "__main__":
    unittest.main()
