"""Runs the tests, stage by stage, and ends with the totals.

    tests/run.py [STAGE ...]        all stages when none is named

Everything runs without a terminal and without standard input, under one
temporary folder that is removed at the end: in memory (/dev/shm) where there is
plenty of it and TMPDIR names no other place. A stage that fails does not stop
the others; the exit status is 0 only when nothing failed. SERVERS=no in the
environment leaves out the tests that need PostgreSQL, Postfix, Dovecot,
SpamAssassin or Chromium, each named in the list of skipped tests.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORES = max(2, os.cpu_count() or 2)
FUZZ_SECONDS = int(os.environ.get("FUZZ_SECONDS", "10"))
# As users build it, but for line numbers being all that a debugger is told.
OPTIMIZED = "-O2 -g1"
SANITIZE = "-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-omit-frame-pointer"
VALGRIND = [
    "valgrind", "-q", "--error-exitcode=99", "--leak-check=full", "--num-callers=25",
    "--errors-for-leak-kinds=definite,possible", "--show-leak-kinds=definite,possible",
    f"--suppressions={ROOT}/tests/valgrind.supp",
]
# What would take minutes under Valgrind, or measures time, or forks children that
# end without freeing anything. AddressSanitizer watches these.
NOT_UNDER_VALGRIND = (
    "test_assemble", "test_cell", "test_feed", "test_mail_programs", "test_maildir", "test_mime_python", "test_pdf_text",
    "test_relevance_reference",
    "test_smtp", "test_smtp_misfortunes", "test_smtp_tls", "test_store_crash", "test_store_migrations", "test_store_postgres",
    "test_store_sqlite", "test_store_takeover", "test_tex", "test_token_command", "test_worker", "test_worker_crash", "test_worker_faults",
)
# Started first, the longest at the head, so that none of them is left running alone.
LONG = (
    "test_inbox", "test_kill", "test_postgres", "test_inbox_kept", "test_never_miss", "test_postfix", "test_machines",
    "test_inbox_misc", "test_inbox_safe", "test_appearance", "test_bad_feeds", "test_profiles_in_store",
    "test_worker_crash", "test_store_postgres", "test_store_crash", "test_cell", "test_token_command",
    "test_smtp_misfortunes", "test_store", "test_worker", "test_store_takeover", "test_assemble",
)
# Tests wait for servers, clocks and one another: with one more than there are cores none is idle.
AT_ONCE = CORES + 1
# test_worker_crash kills at every step of the journal in GCC's build. The other builds
# have the same steps, and kill at every fifth.
FEWER_KILLS = {"PAPERBOY_KILL_STEP": "5"}
SLOW_SECONDS = 20  # what takes longer than this is named at the end of its stage
# What a sanitizer or Valgrind ends a program with when it has found something.
TOOL_STATUS = 99


@dataclass
class Test:
    name: str
    status: str  # passed, failed, skipped
    text: str = ""


@dataclass
class Job:
    """One program to run, and how its output becomes tests."""

    name: str
    argv: list
    read: object  # (job, status, stdout, stderr) -> [Test]
    env: dict = field(default_factory=dict)
    seconds: int = 300


class Run:
    def __init__(self, temporary):
        self.temporary = temporary
        self.environment = dict(os.environ)
        self.environment.update(
            TMPDIR=str(temporary), LC_ALL="C.UTF-8", TZ="UTC", PYTHONDONTWRITEBYTECODE="1",
            ASAN_OPTIONS=f"detect_leaks=1:exitcode={TOOL_STATUS}:detect_stack_use_after_return=1",
            UBSAN_OPTIONS=f"print_stacktrace=1:exitcode={TOOL_STATUS}",
        )
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "PAPERBOY_CONFIG"):
            self.environment.pop(name, None)
        self.tests = []
        self.running = set()  # process groups
        self.slow = []  # (seconds, name)

    def stop(self, signal_number, _frame):
        """A signal ends everything that was started, and leaves nothing behind."""
        for group in list(self.running):
            end_group(group, signal.SIGKILL)
        remove_folder(self.temporary)
        os._exit(128 + signal_number)

    def call(self, argv, env=None, seconds=900):
        """Status, output and errors of a program; the whole group ends with it."""
        process = subprocess.Popen(
            argv, cwd=ROOT, env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.running.add(process.pid)
        try:
            out, err = process.communicate(timeout=seconds)
            status = process.returncode
        except subprocess.TimeoutExpired:
            end_group(process.pid, signal.SIGTERM)
            try:
                out, err = process.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                end_group(process.pid, signal.SIGKILL)
                out, err = process.communicate()
            err += f"\nended after {seconds} seconds\n".encode()
            status = 124
        end_group(process.pid, signal.SIGKILL)
        self.running.discard(process.pid)
        return status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")

    def build(self, name, targets, seconds=900, **variables):
        """One way of building; a failing build is one failed test of that name."""
        argv = ["make", "--no-print-directory", f"-j{CORES}", f"BUILD=build/{name}"]
        argv += [f"{key}={value}" for key, value in variables.items()] + targets
        if name != "gcc" and shutil.which("ld.gold"):
            argv.append("LDFLAGS=-fuse-ld=gold")  # links the many programs in half the time
        status, out, err = self.call(argv, seconds=seconds)
        text = "" if status == 0 else " ".join(argv) + "\n" + out[-2000:] + err
        self.add([Test(f"build of {name}", "failed" if status else "passed", text)])
        return status == 0

    def run_all(self, jobs):
        def place(job):
            name = job.name.rpartition("/")[2]
            return LONG.index(name) if name in LONG else len(LONG)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            for tests in pool.map(self.run_job, sorted(jobs, key=place)):
                self.add(tests)

    def run_job(self, job):
        started = time.monotonic()
        status, out, err = self.call(job.argv, job.env, job.seconds)
        seconds = time.monotonic() - started
        if seconds > SLOW_SECONDS:
            self.slow.append((seconds, job.name))
        return job.read(job, status, out, err)

    def add(self, tests):
        for test in tests:
            if test.status == "failed":
                print(f"FAILED {test.name}\n{indent(test.text)}", flush=True)
        self.tests += tests


def memory_folder():
    """Where a file system in memory has room, which spares thousands of small databases
    the disk; no test is of what a disk keeps when power goes. Else the usual place."""
    place = Path("/dev/shm")
    try:
        room = os.statvfs(place)
        available = re.search(r"MemAvailable: *(\d+) kB", Path("/proc/meminfo").read_text())
        if (place.is_mount() and os.access(place, os.W_OK) and not room.f_flag & os.ST_NOEXEC
                and room.f_bavail * room.f_frsize >= 6 << 30 and int(available.group(1)) >= 8 << 20):
            return place
    except (OSError, AttributeError):
        pass
    return None


def end_group(group, signal_number):
    try:
        os.killpg(group, signal_number)
    except ProcessLookupError:
        pass


def remove_folder(folder):
    """With the small disks that an interrupted test may have left mounted in it."""
    for line in Path("/proc/mounts").read_text().splitlines():
        place = line.split(" ")[1]
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", place], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def indent(text):
    return "\n".join("    " + line for line in text.rstrip().split("\n"))


def read_cmocka(job, status, out, err):
    """The results that a cmocka program prints; one that ends early has failed."""
    results, texts, running = {}, [], None
    for line in err.split("\n") + out.split("\n"):
        match = re.match(r"\[ *(RUN|OK|FAILED|SKIPPED|ERROR) *\] (.*)", line)
        if match is None:
            texts.append(line)
            continue
        word, rest = match.groups()
        if word == "RUN":
            running = rest
            results[running] = "failed"
        elif word == "OK" and rest in results:
            results[rest] = "passed"
        elif word == "SKIPPED" and rest in results:
            results[rest] = "skipped"
        else:
            texts.append(line)
    tests = [Test(f"{job.name}: {name}", result) for name, result in results.items()]
    failed = [test for test in tests if test.status == "failed"]
    if not tests or (status != 0 and not failed):
        failed = [Test(f"{job.name}: status {status}", "failed")]
        tests += failed
    if failed:
        failed[0].text = "\n".join(line for line in texts if line.strip())[-6000:]
    for test in tests:
        if test.status == "skipped":
            test.text = "left out by the program itself"
    return tests


def read_json(job, status, out, err):
    """The lines of report.py."""
    tests = []
    for line in out.splitlines():
        row = json.loads(line)
        if row["status"] == "more":
            tests[-1].text += "\n" + row["text"]
        else:
            tests.append(Test(f"{job.name}: {row['name'].split('.', 1)[-1]}", row["status"], row["text"]))
    if not tests or (status != 0 and not any(test.status == "failed" for test in tests)):
        tests.append(Test(f"{job.name}: status {status}", "failed", err[-6000:]))
    elif err.strip() and any(test.status == "failed" for test in tests):
        tests[-1].text += "\n" + err[-3000:]
    return tests


def read_status(job, status, out, err):
    """A program that is one test: 0 is passed."""
    text = "" if status == 0 else (out[-1000:] + err[-5000:] + f"\nstatus {status}")
    return [Test(job.name, "failed" if status else "passed", text)]


def programs(folder, source_folder, pattern):
    return [folder / source.stem for source in sorted((ROOT / source_folder).glob(pattern))]


def unit_jobs(name, prefix=(), env=None, leave_out=(), seconds=300):
    folder = ROOT / "build" / name / "unit"
    return [
        Job(f"{name}/{program.name}", [*prefix, str(program)], read_cmocka, env or {}, seconds)
        for program in programs(folder, "tests/unit", "test_*.c")
        if program.name not in leave_out and program.exists()
    ]


def module_jobs(folder, env, seconds=600):
    return [
        Job(f"{Path(folder).name}/{name}", [sys.executable, "tests/report.py", folder, name], read_json, env, seconds)
        for name in sorted(path.stem for path in (ROOT / folder).glob("test_*.py"))
    ]


def stage_checks(run):
    """The tree, its documents, scripts and units; no program is built."""
    run.run_all(module_jobs("tests/checks", {}))


def stage_gcc(run):
    """GCC, warnings are errors, and the unit tests."""
    if run.build("gcc", ["all", "units"], CC="gcc", STRICT="1", CFLAGS=OPTIMIZED):
        run.run_all(unit_jobs("gcc"))


def stage_clang(run):
    """Clang, warnings are errors, and the unit tests."""
    if run.build("clang", ["all", "units"], CC="clang", STRICT="1", CFLAGS=OPTIMIZED):
        run.run_all(unit_jobs("clang", env=FEWER_KILLS))


def build_sanitized(run):
    """Without STRICT: instrumented code makes GCC warn of things that cannot be."""
    return run.build("asan", ["all", "units"], CC="gcc", CFLAGS=f"-O1 -g1 {SANITIZE}")


def stage_sanitizers(run):
    """The unit tests with AddressSanitizer, LeakSanitizer and UBSan."""
    if build_sanitized(run):
        run.run_all(unit_jobs("asan", env=FEWER_KILLS, seconds=600))


def stage_fuzz(run):
    """Each fuzz target over its corpus and then for some seconds more."""
    flags = "-O1 -g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all"
    if not run.build("fuzz", ["fuzzers"], CC="clang", CFLAGS=flags):
        return
    jobs = []
    for program in programs(ROOT / "build/fuzz/fuzz", "tests/fuzz", "fuzz_*.c"):
        name = program.name.removeprefix("fuzz_")
        seeds = ROOT / "tests/fuzz/corpus" / name
        found = run.temporary / f"fuzz-{name}"
        found.mkdir()
        crashes = ROOT / "build/fuzz/crashes"
        crashes.mkdir(exist_ok=True)
        limits = ["-timeout=20", "-rss_limit_mb=2048", f"-artifact_prefix={crashes}/{name}-"]
        folders = [str(found)] + ([str(seeds)] if seeds.is_dir() else [])
        jobs.append(Job(f"fuzz/{name}: corpus", [str(program), *limits, "-runs=0", *folders[1:]], read_status))
        jobs.append(Job(f"fuzz/{name}: {FUZZ_SECONDS} s", read=read_status, seconds=FUZZ_SECONDS + 120,
                        argv=[str(program), *limits, f"-max_total_time={FUZZ_SECONDS}", *folders]))
    run.run_all(jobs)


def stage_valgrind(run):
    """Memory errors and leaks in the unit tests, on made-up input, and in one daily run."""
    if not run.build("gcc", ["all", "units"], CC="gcc", STRICT="1", CFLAGS=OPTIMIZED):
        return
    no_samples = {"PAPERBOY_DATA": "/nonexistent"}
    jobs = unit_jobs("gcc", VALGRIND, no_samples, leave_out=NOT_UNDER_VALGRIND, seconds=600)
    wrapped = {"PAPERBOY": str(ROOT / "build/gcc/paperboy"), "PAPERBOY_WRAPPER": " ".join(VALGRIND)}
    jobs.insert(0, Job("daily run", read=read_json, env=wrapped, seconds=600, argv=[
        sys.executable, "tests/report.py", "tests/e2e", "test_daily", "WholeRun"]))
    for job in jobs:
        job.name = "valgrind " + job.name.removeprefix("gcc/")
    run.run_all(jobs)


def stage_e2e(run):
    """The program as people use it, sanitized, against real and hostile servers."""
    if not build_sanitized(run):
        return
    env = {"PAPERBOY": str(ROOT / "build/asan/paperboy")}
    run.run_all(module_jobs("tests/e2e", env))


STAGES = {
    "checks": stage_checks, "gcc": stage_gcc, "clang": stage_clang, "sanitizers": stage_sanitizers,
    "fuzz": stage_fuzz, "valgrind": stage_valgrind, "e2e": stage_e2e,
}


def count(tests, status):
    return sum(test.status == status for test in tests)


def totals(tests):
    return f"{count(tests, 'passed')} passed, {count(tests, 'failed')} failed, {count(tests, 'skipped')} skipped"


def run_stages(run, names):
    for name in names:
        print(f"== {name}: {STAGES[name].__doc__}", flush=True)
        started, before, run.slow = time.monotonic(), len(run.tests), []
        try:
            STAGES[name](run)
        except Exception as problem:  # the totals are due all the same
            run.add([Test(f"stage {name}", "failed", repr(problem))])
        seconds = time.monotonic() - started
        print(f"== {name}: {totals(run.tests[before:])} in {seconds:.0f} s", flush=True)
        for slow, job in sorted(run.slow, reverse=True):
            print(f"   {slow:4.0f} s {job}")


def main():
    if any(word in ("-h", "--help") for word in sys.argv[1:]):
        print(__doc__ + "\nStages:")
        for name, stage in STAGES.items():
            print(f"  {name:12}{stage.__doc__}")
        return 0
    names = sys.argv[1:] or list(STAGES)
    unknown = [name for name in names if name not in STAGES]
    if unknown:
        print(f"tests/run.py: no stage {unknown[0]}; there are {', '.join(STAGES)}", file=sys.stderr)
        return 64
    temporary = Path(tempfile.mkdtemp(prefix="paperboy-", dir=None if "TMPDIR" in os.environ else memory_folder()))
    temporary.chmod(0o711)  # Postfix and Dovecot run as users of their own
    run = Run(temporary)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, run.stop)
    started = time.monotonic()
    try:
        run_stages(run, names)
    finally:
        remove_folder(temporary)
    return report(run.tests, time.monotonic() - started)


def report(tests, seconds):
    skipped = [test for test in tests if test.status == "skipped"]
    failed = [test for test in tests if test.status == "failed"]
    if skipped:
        print("\nSkipped:")
        for test in skipped:
            print(f"  {test.name}: {test.text}")
    if failed:
        print("\nFailed:")
        for test in failed:
            print(f"  {test.name}")
    print(f"\nAll stages: {seconds:.0f} s\n{totals(tests)}", flush=True)
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
