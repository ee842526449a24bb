"""The three ledgers, and what must hold between them: the clients', the receivers', the database's."""
import bisect
import collections
import datetime
import json
import statistics

Call = collections.namedtuple("Call", "recipient id began ended status valid hash")
# How long after its answer a call may still be unsettled, in microseconds, while nothing is broken or slow.
SETTLING = 2_000_000
# Calls that ended so near to one another would have been settled as slowly.
NEAR = 250_000
# The same after the database was away and accepts again, which services have five seconds to notice.
RETURNING = 7_000_000
# The longest that the database was away.
PATIENCE = 60_000_000


def read_calls(receivers):
    """What the receivers wrote down, by webhook-id, in the order of time."""
    receivers.tell("flush")
    by_id = collections.defaultdict(list)
    with open(receivers.ledger, encoding="ascii") as file:
        for line in file:
            recipient, name, began, ended, status, valid, hashed = line.split("\t")
            by_id[name].append(Call(recipient, name, int(began), int(ended), int(status), valid == "1",
                                    hashed.strip()))
    for calls in by_id.values():
        calls.sort(key=lambda call: call.began)
    return by_id


class Finding:
    """What was counted; each number that must be nought is one."""

    def __init__(self):
        self.faults = collections.Counter()
        self.examples = {}

    def fault(self, what, example):
        self.faults[what] += 1
        self.examples.setdefault(what, example)

    def text(self):
        return "; ".join(f"{count} {what} ({self.examples[what]})" for what, count in self.faults.items())


def compare_writes(ledger, server, finding):
    """Each acknowledged write is there once, as it was told, and nothing else is."""
    rows = collections.defaultdict(list)
    for what, key, number in server.rows(
            "SELECT 'incident', split_part(narrative, ': ', 2), id FROM incident UNION ALL "
            "SELECT 'notification', note, id FROM notification"):
        rows[what, key].append(number)
    kept = dict(server.rows("SELECT key, body_sha256 FROM idempotency"))
    for entry in ledger:
        found = rows.pop((entry.what, entry.key), [])
        if len(found) > 1:
            finding.fault("stored twice", entry)
        if entry.status == "201" and entry.id not in found:
            finding.fault("acknowledged and lost", entry)
        if entry.status == "201" and kept.get(entry.key) != entry.body_hash:
            finding.fault("kept under a key with another body", entry)
        if entry.status != "201":
            finding.fault(f"answered with {entry.status}", entry)
    for number, count in server.rows(
            "SELECT n.id, count(d.id) FROM notification AS n LEFT JOIN delivery AS d "
            "ON d.partnership_id = n.partnership_id AND d.event_id = n.event_id "
            "GROUP BY n.partnership_id, n.id HAVING count(d.id) <> 3"):
        finding.fault("without its three deliveries", (number, count))
    for what, found in rows.items():
        finding.fault("stored and never asked for", (what, found))


def compare_calls(by_id, server, finding, final=True):
    """Each delivery was made, signed, whole, by one hand at a time and in its order."""
    order = collections.defaultdict(list)
    for number, endpoint, name, incident, sequence, state, answered in server.rows(
            "SELECT d.id, d.endpoint_id, e.name, d.incident_id, d.sequence, d.state, count(a.status) "
            "FROM delivery AS d JOIN webhook_endpoint AS e ON e.id = d.endpoint_id "
            "LEFT JOIN delivery_attempt AS a ON a.partnership_id = d.partnership_id AND a.delivery_id = d.id "
            "GROUP BY d.partnership_id, d.id, e.name"):
        calls = by_id.get(number, [])
        good = [call for call in calls if call.status == 204]
        if final and state != "delivered":
            finding.fault("not delivered", number)
        if state == "delivered" and not good:
            finding.fault("held for delivered and never received", number)
        if final and int(answered) > len(calls):
            finding.fault("recorded more often than received", number)
        if any(call.recipient not in name.lower() for call in calls):
            finding.fault("at another recipient", (number, name))
        if incident and calls:
            order[endpoint, incident].append((int(sequence), calls))
        by_id_check(calls, finding)
    known = {row[0] for row in server.rows("SELECT id FROM delivery")}
    for name in by_id.keys() - known:
        finding.fault("received and unknown to the database", by_id[name][0])
    for line in order.values():
        line.sort(key=lambda item: item[0])
        for (_, before), (_, after) in zip(line, line[1:]):
            if max(call.ended for call in before) > after[0].began:
                finding.fault("out of order", after[0])


def by_id_check(calls, finding):
    for call in calls:
        # What a strict receiver refused was sent by a process whose clock had been moved.
        if not call.valid and call.status != 401:
            finding.fault("without a valid signature", call)
        if call.hash != calls[0].hash:
            finding.fault("with another body than before", call)
    for before, after in zip(calls, calls[1:]):
        if after.began < before.ended:
            finding.fault("in two hands at once", after)


class Flights:
    """When calls were under way or not settled yet: at a death of a service they may be made again."""

    def __init__(self, deaths, outages, settlings=()):
        self.deaths = sorted(deaths)
        self.outages = sorted(outages)
        self.settlings = sorted(settlings)

    def settling(self, call):
        """As long as usual, and as the database took for most that ended at its moment: a disk may be slow."""
        since = bisect.bisect_left(self.settlings, (call.ended - NEAR, 0))
        to = bisect.bisect_left(self.settlings, (call.ended + NEAR, 0))
        moment = [took for _, took in self.settlings[since:to]]
        return SETTLING + (statistics.median(moment) if moment else 0)

    def settled_by(self, call):
        """What ends while the database is away is settled when it is back."""
        until = call.ended + self.settling(call)
        for since, to in self.outages[bisect.bisect_left(self.outages, (call.began - PATIENCE, 0)):]:
            if since > until:
                break
            if to + RETURNING >= call.ended:
                until = to + RETURNING
        return until

    def hit(self, call):
        at = bisect.bisect_left(self.deaths, call.began)
        return at < len(self.deaths) and self.deaths[at] <= self.settled_by(call)

    def story(self, before, after):
        """A call that was made again, with all that could explain it, in seconds after its answer."""
        def seconds(moment):
            return f"{(moment - before.ended) / 1e6:+.3f}"
        near = [f"died {seconds(death)}" for death in self.deaths]
        near += [f"database away {seconds(since)} to {seconds(to)}" for since, to in self.outages]
        return (f"{before.id} at {before.recipient}: took {(before.ended - before.began) / 1e6:.3f} s; again "
                f"{seconds(after.began)}; unsettled until {seconds(self.settled_by(before))} at the most; "
                + ", ".join(near))


def read_settlings(by_id, server):
    """When calls ended, and how long after that their settlement was committed, in microseconds. Of those that
    were made once, because which call of several was settled is not known."""
    settlings = []
    for number, settled in server.rows(
            "SELECT delivery_id, (extract(epoch FROM min(pg_xact_commit_timestamp(xmin))) * 1000000)::bigint "
            "FROM delivery_attempt GROUP BY delivery_id HAVING count(*) = 1"):
        calls = by_id.get(number, [])
        if len(calls) == 1:
            settlings.append((calls[0].ended, int(settled) - calls[0].ended))
    return settlings


def extra_calls(by_id, deaths, outages, finding, settlings=()):
    """Calls that followed one answered with success. Each must have been in flight when a service died; what
    happens to the database alone is no reason. How many there are, and how many were in flight."""
    flights = Flights(deaths, outages, settlings)
    in_flight = sum(flights.hit(call) for calls in by_id.values() for call in calls)
    extra = 0
    for calls in by_id.values():
        for before, after in zip(calls, calls[1:]):
            if before.status != 204:
                continue
            extra += 1
            if not flights.hit(before):
                finding.fault("made again without a reason", flights.story(before, after))
    if extra > in_flight:
        finding.fault("more extra deliveries than were in flight", (extra, in_flight))
    return extra, in_flight


def compare_lives(services, finding):
    """What a process wrote in its log as delivered is called again only after the end of that life of it: for as
    long as it lives nobody else may have its deliveries. How many were called again, by their logs."""
    attempts = collections.defaultdict(list)  # of a delivery → [(when, whose life, whether it was delivered)]
    ends = {}
    for service in services:
        for line in service.process.log.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
                when = datetime.datetime.fromisoformat(entry["time"].replace("Z", "+00:00")).timestamp()
            except (ValueError, KeyError):
                continue  # the end of a process that was killed, or a word of somebody else
            life = service.name, bisect.bisect(service.lives, when)
            ends[life] = when
            if entry["event"] == "delivery_attempt":
                attempts[entry["delivery_id"]].append((when, life, entry["state"] == "delivered"))
    again = 0
    if not attempts:
        finding.fault("no call is in the logs", [service.name for service in services])
    for name, made in attempts.items():
        made.sort()
        for (_, life, delivered), (when, _, _) in zip(made, made[1:]):
            again += delivered
            if delivered and ends[life] > when:
                finding.fault("made again beside one who lives", (name, life, made))
    return again, sum(len(made) for made in attempts.values())
