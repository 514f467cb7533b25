"""paperboy serve on a free port, for one test, and a small client that follows nothing."""

import http.client
import os
import signal
import subprocess
from urllib.parse import urlencode

from servers import LOCAL_ADDRESS, accepts, free_port, wait_for


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode("utf-8")

    def __repr__(self):
        return f"{self.status}\n{self.headers}\n{self.body[:2000]!r}"


class Serving:
    """Its configuration is that of `paperboy` with the port put in; ended by stop()."""

    def __init__(self, paperboy, env=None, **web):
        self.paperboy = paperboy
        self.port = free_port()
        self.base = f"http://{LOCAL_ADDRESS}:{self.port}/"
        paperboy.write_configuration(web={"listen": f"{LOCAL_ADDRESS}:{self.port}", "base_url": self.base, **web})
        self.process = paperboy.start("serve", env=env)
        try:
            wait_for(lambda: self.process.poll() is not None or accepts(self.port), 30, "paperboy serve to listen")
            assert self.process.poll() is None, self.process.communicate()[1].decode()
        except BaseException:
            self.process.kill()
            raise

    def ask(self, path, method="GET", body=None, headers=None, port=None, timeout=30):
        connection = http.client.HTTPConnection(LOCAL_ADDRESS, port or self.port, timeout=timeout)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def post(self, path, fields, headers=None, **options):
        body = urlencode(fields).encode() if isinstance(fields, dict) else fields
        return self.ask(path, "POST", body, {"Content-Type": "application/x-www-form-urlencoded",
                                             "Origin": self.base.rstrip("/"), **(headers or {})}, **options)

    def stop(self):
        """SIGTERM, and what it said; a test fails on any other status than 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            _, err = self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT if "ASAN_OPTIONS" in os.environ else signal.SIGKILL)
            _, err = self.process.communicate()
            raise AssertionError("paperboy serve did not stop: " + err.decode()) from None
        text = err.decode("utf-8", "replace")
        assert self.process.returncode == 0 and "runtime error:" not in text and "ERROR:" not in text, text
        return text
