"""Reads what `cspr webhook listen` writes and tells each call in a line for people."""
import json
import sys


def main():
    for line in sys.stdin:
        try:
            call = json.loads(line)
        except ValueError:
            continue
        again = ", again" if call["duplicate"] else ""
        print(f"{call['time']}  {call['name']:8}{call['type']}  signature {call['signature']}"
              f"{again}, answered {call['answered']}  webhook-id {call['id']}", flush=True)


if __name__ == "__main__":
    main()
