"""Loads the example partnership through the service's own interface.

    load_example.py FILE agencies | incidents

"agencies" makes the partnership and its agencies with csprd. "incidents" brings in each incident with
CSPR_URL and CSPR_TOKEN, records its notification as one that was made elsewhere, and takes its rapid
review and the reviews with their themes as far as the file says, each step on its day.
"""
import http.client
import json
import os
import subprocess
import sys
import urllib.parse
import uuid


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def make_agencies(example):
    partnership = example["partnership"]
    run("csprd", "partnerships", "create", "--slug", partnership["slug"],
        "--name", partnership["name"], "--area-code", partnership["area_code"])
    for agency in example["agencies"]:
        command = ["csprd", "agencies", "create", "--partnership", partnership["slug"],
                   "--slug", agency["slug"], "--name", agency["name"], "--kind", agency["kind"]]
        run(*command, *(["--statutory-partner"] if agency.get("statutory_partner") else []))


class Service:
    def __init__(self):
        address = urllib.parse.urlsplit(os.environ["CSPR_URL"]).netloc
        self.connection = http.client.HTTPConnection(address, timeout=60)

    def ask(self, method, path, body=None, **headers):
        headers |= {"Authorization": "Bearer " + os.environ["CSPR_TOKEN"]}
        if body is not None:
            kind = "merge-patch+json" if method == "PATCH" else "json"
            headers["Content-Type"] = "application/" + kind
        self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            sys.exit(f"{method} {path} with {json.dumps(body)}: {answer.status} {text}")
        return json.loads(text), answer.headers["ETag"]

    def get(self, path):
        return self.ask("GET", path)[0]

    def make(self, path, body):
        return self.ask("POST", path, body, **{"Idempotency-Key": str(uuid.uuid4())})[0]

    def change(self, method, path, body, read=None):
        tag = self.ask("GET", read or path)[1]
        return self.ask(method, path, body, **{"If-Match": tag})[0]

    def move(self, path, to, day, **more):
        return self.change("POST", path + "/transitions", {"to": to, "on": day, **more}, read=path)


class Example:
    def __init__(self, example):
        self.example = example
        self.service = Service()
        self.agencies = {agency["slug"]: agency["id"]
                         for agency in self.service.get("/v1/agencies")["data"]}
        self.partners = [self.agencies[agency["slug"]] for agency in example["agencies"]
                         if agency.get("statutory_partner")]
        self.incidents = {}
        self.themes = {}

    def load(self):
        for row in self.example["incidents"]:
            self.load_incident(row)
        for theme in self.example["themes"]:
            self.themes[theme["label"]] = self.service.make("/v1/themes", theme)["id"]
        for review in self.example["reviews"]:
            self.load_review(review)

    def load_incident(self, row):
        incident = self.service.make("/v1/incidents", row["incident"])
        self.incidents[incident["local_ref"]] = incident["id"]
        if not row.get("notified_on"):
            return
        self.service.make(f"/v1/incidents/{incident['id']}/notifications", {
            "kind": incident["duty"], "transmission": "record", "notified_on": row["notified_on"]})
        if row.get("rapid_review"):
            self.load_rapid_review(incident["id"], row["rapid_review"])

    def rapid_review_of(self, incident):
        found = self.service.get(f"/v1/rapid-reviews?incident_id={incident}")["data"]
        return "/v1/rapid-reviews/" + found[0]["id"]

    def load_rapid_review(self, incident, course):
        path = self.rapid_review_of(incident)
        for part in course["returns"]:
            request = self.service.make(path + "/scoping-returns", {
                "agency_id": self.agencies[part["agency"]], "sent_on": course["scoping_sent_on"],
                "owner_role": "safeguarding lead"})
            answer = ({"nil_return": True, "known": "no"} if part["nil_return"] else {"known": "yes"})
            self.service.change("PATCH", f"{path}/scoping-returns/{request['id']}",
                                {"received_on": part["received_on"], **answer})
        self.service.make(path + "/meetings", {"held_on": course["meeting_on"],
                                               "chair_role": "chair of the review subgroup"})
        self.decide(path, course)
        self.service.make(path + "/submission", {
            "complete": True, "submitted_on": course["submitted_on"], "transmission": "record"})
        self.respond(path, course.get("panel"))

    def decide(self, path, course):
        names = {"criteria": {"c1": "c1_improvements", "c2": "c2_recurrent_themes",
                              "c3": "c3_interagency", "c4": "c4_panel_local"},
                 "circumstances": {"r1": "r1_single_agency", "r2": "r2_no_agency",
                                   "r3": "r3_cross_border", "r4": "r4_institutional"}}
        answers = {group: {name: {"answer": course[group].get(code, "not_met"),
                                  "rationale": "As the meeting recorded."}
                           for code, name in codes.items()}
                   for group, codes in names.items()}
        self.service.make(path + "/decision", {
            "decided_on": course["decided_on"], "outcome": course["outcome"],
            "rationale": course["rationale"], **answers,
            "sign_offs": [{"agency_id": agency, "agreed": True, "by_role": "delegated partner",
                           "on": course["signed_off_on"]} for agency in self.partners]})

    def respond(self, path, panel):
        if not panel:
            return
        response = self.service.make(path + "/panel-responses", {
            "response": panel["response"], "letter_on": panel["letter_on"],
            "received_on": panel["letter_on"], "summary": panel["summary"]})
        if panel.get("answer"):
            self.service.change("PATCH", f"{path}/panel-responses/{response['id']}", {
                "answer": panel["answer"], "answered_on": panel["answered_on"],
                "answer_reason": panel["answer_reason"]})

    def load_review(self, course):
        made = self.service.make("/v1/reviews", {
            **{name: course[name] for name in ("reference", "title", "type", "decided_on",
                                               "panel_concurred_on", "methodology", "scope_from",
                                               "scope_to")},
            "incident_ids": [self.incidents[one] for one in course["incidents"]]})
        path = "/v1/reviews/" + made["id"]
        self.set_up(path, course)
        if course["status"] == "not_stated":
            self.service.move(path, "not_stated", course["not_stated_on"],
                              reason=course["not_stated_reason"])
        if "started_on" in course:
            self.service.move(path, "in_progress", course["started_on"])
        if "drafted_on" in course:
            self.draft(path, course)
        if "signed_off_on" in course:
            self.sign_off(path, course)
        self.code(path, course)
        if "embargo" in course:
            self.embargo(path, course["embargo"])
        if "publication" in course:
            self.publish(path, course["publication"])

    def set_up(self, path, course):
        self.service.make(path + "/reviewers", {
            "role": "lead", "organisation": "Independent consultancy (invented)",
            "independence_statement": "Has worked for none of the agencies.",
            "appointed_on": course["reviewer_on"]})
        for agency in self.partners:
            self.service.make(path + "/panel-members", {
                "agency_id": agency, "role": "safeguarding lead", "member_from": course["terms_on"]})
        self.service.make(path + "/terms-of-reference", {
            "agreed_on": course["terms_on"], "agreed_by": "review subgroup",
            "content": "What agencies knew, how they worked together, and what daily life was like."})
        if "proceeding" in course:
            self.service.make(path + "/proceedings", {
                **course["proceeding"], "body": "as the file of the review says",
                "affects_publication": True, "affects_interviews": False})
        self.service.move(path, "terms_agreed", course["terms_on"])

    def draft(self, path, course):
        self.service.make(path + "/drafts", {
            "received_on": course["drafted_on"], "circulated_on": course["drafted_on"],
            "checked_against_terms": True})
        self.service.move(path, "drafted", course["drafted_on"])

    def sign_off(self, path, course):
        for agency in self.partners:
            response = self.service.make(path + "/agency-responses", {
                "agency_id": agency, "shared_on": course["shared_on"]})
            below = f"{path}/agency-responses/{response['id']}"
            self.service.change("PUT", below + "/answer", {
                "response": "confirmed", "responded_on": course["responded_on"],
                "governance_body": "board of the agency",
                "governance_told_on": course["responded_on"]}, read=below)
        self.service.move(path, "agency_responses", course["shared_on"])
        for kind, state, day in (("subgroup", "approved", course["approved_on"]),
                                 ("board", "signed_off", course["signed_off_on"])):
            self.service.make(path + "/approvals", {
                "kind": kind, "decided_on": day, "outcome": "approved",
                "decided_by": f"chair of the {kind}"})
            self.service.move(path, state, day)

    def code(self, path, course):
        self.service.change("PUT", path + "/themes", {
            "coded_by": "business manager", "on": course["coded_on"],
            "themes": [{"theme_id": self.themes[label], "evidence": "A finding of the review."}
                       for label in course["themes"]]}, read=path)

    def embargo(self, path, embargo):
        self.service.make(path + "/embargoes", {
            "reason": embargo["reason"], "embargoed_on": embargo["from"], "owner": embargo["holder"],
            "review_by": embargo["review_by"]})
        self.service.move(path, "embargoed", embargo["from"])

    def publish(self, path, publication):
        self.service.change("PUT", path + "/publication", {
            "form": "full", "planned_on": publication["planned_on"],
            "cabinet_member_told_on": publication["notice_on"]}, read=path)
        self.service.move(path, "notice_given", publication["notice_on"], transmission="record",
                          report_sha256="0" * 64, notices=[
                              {"recipient": recipient, "channel": "email"}
                              for recipient in ("panel", "dfe", "ofsted", "cabinet_member")])
        self.service.move(path, "published", publication["published_on"],
                          published_on=publication["published_on"])


def main():
    path, part = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        example = json.load(file)
    if part == "agencies":
        make_agencies(example)
    else:
        Example(example).load()


if __name__ == "__main__":
    main()
