#!/usr/bin/env python3
"""tests/unit_tests.py BUILD [--label NAME | --not-label NAME]: runs the tests that ctest knows.

Tests of one program run some dozens to a process: starting a sanitized program takes longer than
most tests do, and ctest starts one for each. A process that dies or hangs fails the test it was in;
the others of its batch run in another one. Last line: `N passed, M failed, K skipped`.
"""

import argparse
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque

BATCH = 30
BEGUN = re.compile(r"\[ RUN      \] (\S+)")
ENDED = re.compile(r"\[(       OK|  FAILED |  SKIPPED) +\] (\S+?)(?:, where .*)? \(\d+ ms\)")


class Test:
    """One entry of ctest; `name` is gtest's own when a gtest program runs it."""

    def __init__(self, entry):
        self.command = entry["command"]
        properties = {p["name"]: p["value"] for p in entry["properties"]}
        self.labels = properties.get("LABELS", [])
        self.folder = properties.get("WORKING_DIRECTORY", os.getcwd())
        self.seconds = float(properties.get("TIMEOUT", 120))
        self.must_print = properties.get("PASS_REGULAR_EXPRESSION", [])
        chosen = [a for a in self.command if a.startswith("--gtest_filter=")]
        self.is_gtest = bool(chosen)
        self.name = chosen[0].partition("=")[2] if chosen else entry["name"]


class Tally:
    def __init__(self):
        self.lock = threading.Lock()
        self.passed, self.failed, self.skipped = 0, [], []

    def count(self, state, name, output):
        with self.lock:
            if state == "OK":
                self.passed += 1
            elif state == "SKIPPED":
                self.skipped.append(name)
                print(f"skipped {name}", flush=True)
            else:
                self.failed.append(name)
                print(f"FAILED  {name}\n{output}", flush=True)


def load_tests(build, label, not_label):
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                             check=True, capture_output=True, text=True).stdout
    tests = [Test(entry) for entry in json.loads(listing)["tests"]]
    if label:
        tests = [t for t in tests if label in t.labels]
    return [t for t in tests if not_label not in t.labels]


def batches_of(tests):
    """The tests of a program are dealt out in turn: neighbours are often slow together."""
    batches, of_program = [], {}
    for test in tests:
        if not test.is_gtest:
            batches.append([test])
        else:
            of_program.setdefault((test.command[0], test.folder), []).append(test)
    for group in of_program.values():
        count = -(-len(group) // BATCH)
        batches += [group[i::count] for i in range(count)]
    return deque(sorted(batches, key=len, reverse=True))


class Processes:
    """Those that run, each with what it starts in a session of its own. Thread-safe."""

    # A leak ends a program with 1 unless told otherwise, as a failed test does. The stack of each
    # allocation is walked only as far as tells where it was made.
    ENVIRONMENT = {**os.environ, "ASAN_OPTIONS":
                   ":".join(filter(None, ["malloc_context_size=8", os.environ.get("ASAN_OPTIONS"),
                                          "exitcode=99"]))}

    def __init__(self):
        self.lock, self.running, self.stopped = threading.Lock(), set(), False

    def start(self, command, folder):
        with self.lock:
            if self.stopped:
                sys.exit()  # this thread
            process = subprocess.Popen(command, cwd=folder, env=self.ENVIRONMENT,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, start_new_session=True)
            self.running.add(process)
        return process

    def end(self, process):
        """What the tests started goes with them."""
        self.kill(process)
        process.wait()
        with self.lock:
            self.running.discard(process)

    def stop(self, *_):
        """Ends everything, this program too. A signal's handler, so it waits for no lock."""
        self.stopped = True
        for process in list(self.running):
            self.kill(process)
        os._exit(130)

    @staticmethod
    def kill(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


processes = Processes()


def run_plain(test, tally):
    process = processes.start(test.command, test.folder)
    try:
        output = process.communicate(timeout=test.seconds)[0].decode(errors="replace")
        processes.end(process)
    except subprocess.TimeoutExpired:
        processes.end(process)
        tally.count("FAILED", test.name, f"no end after {test.seconds} s")
        return
    good = process.returncode == 0
    if test.must_print:
        good = any(re.search(wanted, output) for wanted in test.must_print)
    tally.count("OK" if good else "FAILED", test.name, output)


class Batch:
    """One process of a gtest program."""

    def __init__(self, tests, tally):
        self.tests, self.tally = tests, tally
        self.waiting = {t.name: t for t in tests}
        self.running, self.output, self.has_failed = None, [], False

    def read(self, line):
        begun, ended = BEGUN.search(line), ENDED.search(line)
        self.output.append(line)
        if begun:
            self.running, self.output = begun[1], []
        elif ended and self.waiting.pop(ended[2], None):
            self.has_failed |= ended[1].strip() == "FAILED"
            self.tally.count(ended[1].strip(), ended[2], "".join(self.output))
            self.running, self.output = None, []

    def run(self):
        """Returns the tests that a dead or hanging process left over."""
        command = [self.tests[0].command[0], "--gtest_also_run_disabled_tests", "--gtest_color=no",
                   "--gtest_filter=" + ":".join(t.name for t in self.tests)]
        process = processes.start(command, self.tests[0].folder)
        why = self.follow(process)
        processes.end(process)
        if not self.waiting and not why and process.returncode == int(self.has_failed):
            return []
        guilty = self.running or next(iter(self.waiting), None)
        if not self.waiting.pop(guilty, None):
            guilty = f"{os.path.basename(command[0])}, after its tests"
        self.tally.count("FAILED", guilty, "".join(self.output) +
                         (why or f"the process ended with {process.returncode}"))
        return list(self.waiting.values())

    def follow(self, process):
        """Reads until the end, or says what took too long."""
        selector = selectors.DefaultSelector()
        selector.register(process.stdout, selectors.EVENT_READ)
        seconds = max(t.seconds for t in self.tests)
        rest, left, since = b"", len(self.waiting), time.monotonic()
        while True:
            if selector.select(timeout=1):
                text = os.read(process.stdout.fileno(), 1 << 16)
                *lines, rest = (rest + text).split(b"\n")
                for line in lines:
                    self.read(line.decode(errors="replace") + "\n")
                if not text:
                    process.wait()
                    return None
            if len(self.waiting) != left:
                left, since = len(self.waiting), time.monotonic()
            elif time.monotonic() - since > seconds:
                return f"no test ended in {seconds} s"


def work(batches, tally):
    while True:
        try:
            tests = batches.popleft()
        except IndexError:
            return
        if tests[0].is_gtest:
            left = Batch(tests, tally).run()
            if left:
                batches.append(left)
        else:
            run_plain(tests[0], tally)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build")
    parser.add_argument("--label")
    parser.add_argument("--not-label")
    arguments = parser.parse_args()
    batches = batches_of(load_tests(arguments.build, arguments.label, arguments.not_label))
    tally = Tally()
    for interruption in (signal.SIGINT, signal.SIGTERM):
        signal.signal(interruption, processes.stop)
    # One more than there are processors: many wait for a disk, for PostgreSQL, or for a time to pass.
    threads = [threading.Thread(target=work, args=(batches, tally))
               for _ in range((os.cpu_count() or 1) + 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped")
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main())
