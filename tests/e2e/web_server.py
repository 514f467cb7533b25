"""A `paperboy serve` of the test's own, and ways to ask it: proper requests over
http.client, and whatever bytes a test makes up over a bare socket."""

import http.client
import os
import queue
import re
import signal
import socket
import ssl
import threading
import time

from support import LOCAL_ADDRESS

START_SECONDS = 30


class Server:
    """Stays until it is stopped; with `with`, and then a clean end is demanded."""

    def __init__(self, paperboy, env=None, **popen):
        self.process = paperboy.start("serve", env=env, **popen)
        self.lines = []
        self.said = queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port, self.is_tls = self._find_address()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
            self.said.put(self.lines[-1])

    def _find_address(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            try:
                line = self.said.get(timeout=0.2)
            except queue.Empty:
                if self.process.poll() is not None:
                    break
                continue
            match = re.search(r"serving (https?)://[^/]*:(\d+)/", line)
            if match:
                return int(match[2]), match[1] == "https"
            if "serving a local socket" in line:
                return None, False
        self.process.kill()
        raise AssertionError("serve did not start:\n" + "\n".join(self.lines))

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        status = self.stop()
        if kind is None and status != 0:
            raise AssertionError(f"serve ended with status {status}:\n" + "\n".join(self.lines[-40:]))

    def stop(self, seconds=30):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except Exception:
            self.process.kill()
            raise
        self.reader.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        return status

    def connect(self, seconds=20):
        return socket.create_connection((LOCAL_ADDRESS, self.port), timeout=seconds)

    def ask(self, path, method="GET", body=None, headers=None, context=None):
        """The status, the headers and the body."""
        if self.is_tls:
            connection = http.client.HTTPSConnection(LOCAL_ADDRESS, self.port, timeout=20, context=context)
        else:
            connection = http.client.HTTPConnection(LOCAL_ADDRESS, self.port, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def send(self, data, seconds=20, half_close=False):
        """All that comes back for these bytes until the other side is silent or gone."""
        with self.connect(seconds) as connection:
            try:
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it may have answered and closed already
            return read_all(connection)

    def is_well(self):
        started = time.monotonic()
        status, _, body = self.ask("/robots.txt")
        return status == 200 and b"Disallow" in body and time.monotonic() - started < 5

    def memory_bytes(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+) kB", file.read())[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def read_all(connection):
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


def status_of(answer):
    match = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(match[1]) if match else None


def trusting():
    """A context that takes any certificate; the test looks at it itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
