# SPDX-License-Identifier: Apache-2.0
"""Small HTTP calls for tests: status, headers and body, whatever the status is."""

import json
import urllib.error
import urllib.request


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


def call(base, path, method="GET", body=None, headers=None):
    """`base` is "http://127.0.0.1:16686"; a body that is no bytes is sent as JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers.setdefault("content-type", "application/json")
    request = urllib.request.Request(base + path, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def send_otlp(base, document):
    """Sends OTLP/JSON and fails where it is not taken whole."""
    answer = call(base, "/v1/traces", "POST", document)
    if answer.status != 200 or answer.json().get("partialSuccess"):
        raise AssertionError(f"OTLP was refused: {answer.status} {answer.body[:500]!r}")
