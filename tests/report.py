"""Runs one Python test module and prints a JSON line for each of its tests.

Called by run.py, one process a module, so that modules run side by side and a
hanging one can be ended alone:  report.py FOLDER MODULE [Class[.test] ...]
"""

import json
import os
import sys
import time
import unittest


class JsonResult(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self.out = out
        self.started = time.monotonic()
        self.broken = False

    def _write(self, test, status, text=""):
        seconds = time.monotonic() - self.started
        name = test.id() if hasattr(test, "id") else str(test)
        line = {"name": name, "status": status, "text": text, "seconds": round(seconds, 3)}
        self.out.write(json.dumps(line) + "\n")
        self.out.flush()

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()
        self.broken = False

    def addSuccess(self, test):
        self._write(test, "passed")

    def addSkip(self, test, reason):
        self._write(test, "skipped", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._write(test, "failed", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self._write(test, "failed", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        """A table's rows are parts of one test, which fails once with all their texts."""
        if err is not None:
            super().addSubTest(test, subtest, err)
            text = subtest._subDescription() + "\n" + self._exc_info_to_string(err, test)
            status = "more" if self.broken else "failed"
            self.broken = True
            self._write(test, status, text)

    def addExpectedFailure(self, test, err):
        self._write(test, "failed", "an expected failure is not used here")

    def addUnexpectedSuccess(self, test):
        self._write(test, "failed", "an expected failure is not used here")


def main():
    folder, module, *names = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a test prints is not a result
    sys.path.insert(0, os.path.abspath(folder))
    loader = unittest.TestLoader()
    if names:
        suite = loader.loadTestsFromNames([f"{module}.{name}" for name in names])
    else:
        suite = loader.loadTestsFromName(module)
    result = JsonResult(out)
    suite.run(result)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
