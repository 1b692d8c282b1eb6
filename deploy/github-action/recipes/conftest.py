# SPDX-License-Identifier: Apache-2.0
"""pytest: names each test to `closewatch run`. Does nothing without it."""

import os
import socket


def say(words):
    place = os.environ.get("CLOSEWATCH_RUN")
    if not place:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as speaker:
        speaker.bind("")  # a name of its own, so that it is answered
        speaker.settimeout(30)
        speaker.sendto(words.encode(), place)
        speaker.recv(16)


def pytest_runtest_logstart(nodeid, location):
    say("test " + nodeid)


def pytest_sessionfinish(session, exitstatus):
    say("end")
