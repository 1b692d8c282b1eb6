# SPDX-License-Identifier: Apache-2.0
"""Reads a triage as JSON. Without arguments: what fires and is no notice. With RULE,RULE WORD:
the finding of one of the rules that names WORD, or exit status 1."""
import json
import sys

try:
    page = json.load(sys.stdin)
except ValueError:
    sys.exit(2)


def line(finding):
    who = ",".join(f"{p['command']}[{p['pid']}]" for p in finding["processes"][:3])
    told = " ".join(str(finding[key]) for key in ("severity", "rule", "cause", "sockets"))
    return f"{told} {who}"


loud = [f for f in page["findings"] if f["state"] == "firing" and f["severity"] != "notice"]
if len(sys.argv) < 3:
    print("; ".join(line(f) for f in loud))
    sys.exit(0)
rules, word = sys.argv[1].split(","), sys.argv[2]
for finding in loud:
    if finding["rule"] in rules and word in line(finding):
        print(line(finding))
        sys.exit(0)
sys.exit(1)
