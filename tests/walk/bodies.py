"""Bodies of requests: at random from the document's schemas and examples, with ids that are there."""
import copy
import json
import re
import uuid

import clocks


class Bodies:
    def __init__(self, random, document, agencies, known):
        self.random = random
        self.document = document
        self.agencies = [agency["id"] for agency in agencies]
        self.partners = [agency["id"] for agency in agencies if agency["statutory_partner"]]
        self.authority = next(agency["id"] for agency in agencies
                              if agency["kind"] == "local_authority")
        self.known = known  # name of a path parameter → [{name: value}]

    def make(self, schema, example, to):
        made = self.object(schema)
        if example is not None and self.random.random() < 0.6:
            made = self.renewed(copy.deepcopy(example), schema, made)
        if to and "to" in schema.get("properties", {}):
            made["to"] = to
        return made

    def day(self):
        return clocks.iso(self.random.choice((19723, 19750, 19800, 19876, 19900))
                          + self.random.randrange(20))

    def value(self, schema, name=""):
        schema = self.document.resolve(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice([one for one in schema["enum"] if one is not None])
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self.value(self.random.choice(schema[word]), name)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next(one for one in kind if one != "null")
        if kind == "object":
            return self.object(schema)
        if kind == "array":
            if name in ("sign_offs", "views"):
                return [{**self.object(self.document.resolve(schema["items"])), "agency_id": one}
                        for one in self.partners]
            count = max(schema.get("minItems", 0), self.random.randrange(3))
            return [self.value(schema["items"], name) for _ in range(count)]
        if kind == "boolean":
            return self.random.random() < 0.8
        if kind in ("integer", "number"):
            low = schema.get("minimum", 0)
            return self.random.randint(low, min(schema.get("maximum", low + 9), low + 9))
        return self.text(schema, name)

    def text(self, schema, name):
        form = schema.get("format")
        if form == "date":
            return self.day()
        if form == "date-time":
            return self.day() + "T12:00:00Z"
        if form == "uuid":
            return self.reference(name)
        if schema.get("pattern") == "^[0-9a-f]{64}$":
            return f"{self.random.getrandbits(256):064x}"
        if name == "recipient":
            return self.random.choice(("panel", "dfe", "ofsted", "cabinet_member", "council_leader"))
        if "pattern" in schema:
            return {"^[ENSW][0-9]{8}$": "E08000028"}.get(schema["pattern"], "R-" + uuid.uuid4().hex[:9])
        return "walk"

    def reference(self, name):
        """An id for a member: of an agency, or of something that is known under that name."""
        if "agency" in name or name in ("agency_ids", "agencies"):
            return self.random.choice(self.agencies)
        found = self.known.get(re.sub(r"s$", "", name))
        return self.random.choice(found)[re.sub(r"s$", "", name)] if found else str(uuid.uuid4())

    def object(self, schema):
        required = schema.get("required", [])
        made = {}
        for name, member in schema.get("properties", {}).items():
            member = self.document.resolve(member)
            if member.get("readOnly") or (name not in required and self.random.random() < 0.4):
                continue
            made[name] = self.value(member, name.replace("_ids", "_id"))
        return made

    def renewed(self, example, schema, other):
        """The document's example with ids that are there, and now and then a member of another."""
        for name in list(example):
            member = self.document.resolve(schema.get("properties", {}).get(name, {}))
            if name in other and (member.get("format") == "uuid" or self.random.random() < 0.15
                                  or "agency_id" in json.dumps(example[name])
                                  or (name.endswith("_ids"))):
                example[name] = other[name]
            if name in ("local_ref", "reference"):
                example.pop(name)
        return example
