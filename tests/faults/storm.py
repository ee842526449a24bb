"""Many clients that ask at the same moment: a connection each, bytes made beforehand, answers in turn."""
import collections
import http.client
import io
import json
import selectors
import socket
import time

from processes import Broken

Answer = collections.namedtuple("Answer", "status headers content")


def request(method, path, token, content=None, **headers):
    """The bytes of a request; headers' names with _ for -."""
    body = json.dumps(content).encode() if content is not None else b""
    words = {"Host": "localhost", "Authorization": f"Bearer {token}", "Content-Length": str(len(body))}
    if body:
        words["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
    words |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in words.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Bytes(io.BytesIO):
    """What http.client reads an answer from."""

    def makefile(self, *_):
        return self


def parse(received):
    """The answer in these bytes, or None as long as it is not whole."""
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if len(body) < length:
        return None
    answer = http.client.HTTPResponse(Bytes(received))
    answer.begin()
    content = answer.read()
    is_json = "json" in answer.getheader("Content-Type", "")
    return Answer(answer.status, answer.headers, json.loads(content) if is_json else None)


class Storm:
    """So many clients, spread over the services."""

    def __init__(self, addresses, count):
        self.clients = [socket.create_connection(addresses[number % len(addresses)], 20)
                        for number in range(count)]

    def fire(self, requests, seconds=30):
        """Sends a request on each connection and gives the answers in the same order."""
        selector = selectors.DefaultSelector()
        received = {}
        answers = [None] * len(requests)
        for number, content in enumerate(requests):
            self.clients[number].sendall(content)
        for number in range(len(requests)):
            received[number] = b""
            selector.register(self.clients[number], selectors.EVENT_READ, number)
        until = time.monotonic() + seconds
        while received:
            for key, _ in selector.select(1):
                number = key.data
                some = self.clients[number].recv(65536)
                if not some:
                    raise Broken(f"client {number} was cut off without an answer")
                received[number] += some
                answers[number] = parse(received[number])
                if answers[number]:
                    del received[number]
                    selector.unregister(self.clients[number])
            if time.monotonic() > until:
                raise Broken(f"{len(received)} clients have no answer after {seconds} s")
        selector.close()
        return answers

    def close(self):
        for client in self.clients:
            client.close()
