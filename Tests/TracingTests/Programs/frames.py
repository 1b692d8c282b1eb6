# SPDX-License-Identifier: Apache-2.0
"""Tells of threads that wait what they are doing, as Python itself sees it; then waits for input."""
import sys
import threading

gate = threading.Event()


class Handler:
    def handle(self, depth):
        return self.handle(depth - 1) if depth else [wait() for _ in range(1)]


def wait():
    gate.wait()


def größe():
    def inner():
        yield from (wait() for _ in range(1))

    list(inner())


def λάμδα():
    # A long function, so that its table of lines has jumps of all kinds.
    value = sum(
        x
        for x in (

            1,

            2,
        )
    )
    try:
        value += 1
    finally:
        sorted(
            [value],
            key=lambda _:

            wait(),
        )


made = compile("\n\ndef late():\n  wait()\nlate()\n", "<\N{GRINNING FACE}>", "exec")
threads = [
    threading.Thread(target=target, daemon=True)
    for target in (lambda: Handler().handle(3), größe, λάμδα, lambda: exec(made, globals()))
]
for thread in threads:
    thread.start()
while not all(
    sys._current_frames()[thread.ident].f_code.co_filename == threading.__file__
    for thread in threads
):
    gate.wait(0.01)
gate.wait(0.2)

for thread in threads:
    frame = sys._current_frames()[thread.ident]
    calls = []
    while frame:
        code = frame.f_code
        calls.append(f"{code.co_qualname} {code.co_filename}:{frame.f_lineno}")
        frame = frame.f_back
    print(thread.ident, *calls, sep="\t")
print(flush=True)
sys.stdin.readline()
