"""The service over HTTP, and what its OpenAPI document says of its operations."""
import http.client
import json
import os
import re
import urllib.parse

# What is of no process, or belongs to others' tests.
LEFT_OUT = re.compile(r"^/v1/(case-systems|webhook-endpoints|deliveries|calendar)")


class Service:
    def __init__(self, token):
        self.token = token
        self.address = urllib.parse.urlsplit(os.environ["CSPR_URL"]).netloc
        self.connection = http.client.HTTPConnection(self.address, timeout=60)

    def ask(self, method, path, body=None, headers=None, token=None):
        headers = {"Authorization": "Bearer " + (token or self.token), **(headers or {})}
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        value = json.loads(text) if text and "json" in answer.headers["Content-Type"] else None
        return answer.status, answer.headers, value


class Document:
    def __init__(self, value):
        self.value = value
        self.operations = []
        for path, methods in value["paths"].items():
            for method, operation in methods.items():
                if "operationId" in operation and path.startswith("/v1/"):
                    self.operations.append((method.upper(), path, operation))
        self.by_name = {one[2]["operationId"]: one for one in self.operations}
        self.writes = [one for one in self.operations
                       if one[0] != "GET" and not LEFT_OUT.match(one[1])]
        self.lists = [one for one in self.operations if one[0] == "GET" and self.is_list(one[2])
                      and not LEFT_OUT.match(one[1])]
        # The name of the id that a list's items are found by.
        self.items = {path.rsplit("/", 1)[0]: path.rsplit("/", 1)[1][1:-1]
                      for method, path, _ in self.operations
                      if method == "GET" and path.endswith("}")}

    def resolve(self, value):
        while isinstance(value, dict) and "$ref" in value:
            found = self.value
            for word in value["$ref"].removeprefix("#/").split("/"):
                found = found[word.replace("~1", "/").replace("~0", "~")]
            value = found
        return value

    def is_list(self, operation):
        answer = self.resolve(operation["responses"].get("200", {}))
        schema = self.resolve(answer.get("content", {}).get("application/json", {}).get("schema", {}))
        return "next_cursor" in schema.get("properties", {})

    def body(self, operation):
        content = self.resolve(operation.get("requestBody", {})).get("content", {})
        for kind, one in content.items():
            if "json" in kind:
                return kind, self.resolve(one["schema"]), one.get("example")
        return None, None, None

    def takes(self, operation, name):
        return any(self.resolve(parameter)["name"] == name
                   for parameter in operation.get("parameters", []))
