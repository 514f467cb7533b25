"""The tests' own endpoint of a model: what it lets through, and what it calls wrong."""

import http.client
import json
import subprocess
import time
import unittest
import urllib.error
import urllib.request

import model_endpoint
from model_endpoint import ModelEndpoint
from servers import wait_for

KEY = "sk-test-0123456789"
AGENT = {"User-Agent": "paperboy/0", "Authorization": f"Bearer {KEY}"}
FORM = "multipart/form-data; boundary=mark"


def form(purpose="file-extract", name="2602.00001v1.pdf", content=b"%PDF-1.4\r\n\0\r\n--mar", kind="application/pdf"):
    head = (f'--mark\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n'
            f'--mark\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n')
    return head.encode() + content + b"\r\n--mark--\r\n"


def question(file=None, **changes):
    messages = [{"role": "system", "content": f"fileid://{file}"}] if file else []
    document = {"model": "qwen-long", "messages": messages + [{"role": "user", "content": "What is new?"}],
                "temperature": 0.3, "max_tokens": 2000, "stream": False, **changes}
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


class OwnEndpoint(unittest.TestCase):
    def setUp(self):
        self.endpoint = ModelEndpoint(key=KEY)
        self.addCleanup(self.endpoint.close)

    def ask(self, method, path, body=None, content_type=None, headers=None):
        headers = {**AGENT, **({"Content-Type": content_type} if content_type else {}), **(headers or {})}
        asked = urllib.request.Request(self.endpoint.root + path, data=body, method=method,
                                       headers={key: value for key, value in headers.items() if value})
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, problem.read()

    def upload(self):
        got, body = self.ask("POST", "/v1/files", form(), FORM)
        self.assertEqual(got, 200)
        return json.loads(body)["id"]

    def chat(self, body):
        return self.ask("POST", "/v1/chat/completions", body, "application/json")

    def test_all_of_it(self):
        ident = self.upload()
        self.assertEqual(self.endpoint.left_behind(), ["2602.00001v1.pdf"])
        self.assertEqual(self.endpoint.uploads[ident].content, b"%PDF-1.4\r\n\0\r\n--mar")
        got, body = self.chat(question(ident))
        self.assertEqual(got, 200)
        choice = json.loads(body)["choices"][0]
        self.assertEqual((choice["message"]["content"], choice["finish_reason"]), (model_endpoint.MARKDOWN, "stop"))
        self.assertEqual(self.ask("DELETE", f"/v1/files/{ident}")[0], 200)
        self.assertEqual((self.endpoint.left_behind(), self.endpoint.asked_again(), self.endpoint.violations), ([], [], []))
        self.chat(question(None))
        self.chat(question(None))
        # Which is noted when the answer has gone out.
        self.assertEqual(wait_for(self.endpoint.asked_again, 10, "the second answer"), ["What is new?"])

    def test_wrong_requests(self):
        ident, gone = self.upload(), self.upload()
        self.ask("DELETE", f"/v1/files/{gone}")
        self.assertEqual(self.endpoint.violations, [])
        for what, arguments in (
                ("not what it should be", ("POST", "/v1/chat/completions", question(), "application/json",
                                           {"Authorization": "Bearer other"})),
                ("not what it should be", ("POST", "/v1/chat/completions", question(), "application/json",
                                           {"Authorization": None})),
                ("User-Agent", ("DELETE", f"/v1/files/{ident}", None, None, {"User-Agent": "curl/8"})),
                ("key stands outside", ("POST", "/v1/chat/completions", question(
                    messages=[{"role": "user", "content": KEY}]), "application/json")),
                ("no such place", ("POST", "/v1/completions", question(), "application/json")),
                ("no such place", ("GET", "/v1/models")),
                ("Content-Type", ("POST", "/v1/chat/completions", question(), "text/plain")),
                ("no JSON", ("POST", "/v1/chat/completions", b'{"model": 1, "model": 2}', "application/json")),
                ("no JSON", ("POST", "/v1/chat/completions", b"\xff", "application/json")),
                ("keys", ("POST", "/v1/chat/completions", question(top_p=1), "application/json")),
                ("model", ("POST", "/v1/chat/completions", question(model="other"), "application/json")),
                ("temperature", ("POST", "/v1/chat/completions", question(temperature=0.31), "application/json")),
                ("temperature", ("POST", "/v1/chat/completions", question(temperature=None), "application/json")),
                ("a stream", ("POST", "/v1/chat/completions", question(stream=True), "application/json")),
                ("max_tokens", ("POST", "/v1/chat/completions", question(max_tokens=0), "application/json")),
                ("messages", ("POST", "/v1/chat/completions", question(messages=[]), "application/json")),
                ("messages", ("POST", "/v1/chat/completions", question(
                    messages=[{"role": "user", "content": " "}]), "application/json")),
                ("is not there", ("POST", "/v1/chat/completions", question("file-x"), "application/json")),
                ("is not there", ("POST", "/v1/chat/completions", question(gone), "application/json")),
                ("a file in a message of user", ("POST", "/v1/chat/completions", question(
                    messages=[{"role": "user", "content": f"fileid://{ident}"}]), "application/json")),
                ("no multipart", ("POST", "/v1/files", form(), "application/json")),
                ("no multipart", ("POST", "/v1/files", form()[:-4], FORM)),
                ("fields", ("POST", "/v1/files", form(purpose="assistants"), FORM)),
                ("files", ("POST", "/v1/files", form(name="a b.pdf"), FORM)),
                ("files", ("POST", "/v1/files", form(kind="text/plain"), FORM)),
                ("no PDF", ("POST", "/v1/files", form(content=b"<html>"), FORM)),
                ("no such file", ("DELETE", f"/v1/files/{gone}")),
                ("authorization", ("GET", "/pdf/2602.00001v1"))):
            self.endpoint.violations.clear()
            got, _ = self.ask(*arguments)
            self.assertEqual(got, 400, what)
            self.assertIn(what, "\n".join(self.endpoint.violations))
        self.assertEqual(self.endpoint.left_behind(), ["2602.00001v1.pdf"])

    def test_scripts(self):
        self.endpoint.script("chat", model_endpoint.status(429, retry_after=3), model_endpoint.ended("length", "half"),
                             model_endpoint.refused(), model_endpoint.stream(), model_endpoint.shape(None),
                             lambda request: model_endpoint.good(request.user.upper()), model_endpoint.huge(1))
        got = [self.chat(question()) for _ in range(8)]
        self.assertEqual([number for number, _ in got], [429] + [200] * 7)
        self.assertEqual(json.loads(got[1][1])["choices"][0]["finish_reason"], "length")
        self.assertTrue(json.loads(got[2][1])["choices"][0]["message"]["refusal"])
        self.assertTrue(got[3][1].startswith(b"data: "))
        self.assertEqual(got[4][1], b"null")
        self.assertIn(b"WHAT IS NEW?", got[5][1])
        self.assertGreater(len(got[6][1]), 1 << 20)
        self.assertIn(b"TL;DR", got[7][1])
        self.endpoint.script("chat", model_endpoint.cut(), model_endpoint.reset())
        for _ in range(2):
            with self.assertRaises((OSError, http.client.HTTPException)):
                self.chat(question())
        begun = time.monotonic()
        self.endpoint.script("chat", model_endpoint.hang(0.3))
        self.assertEqual(self.chat(question())[0], 200)
        self.assertGreaterEqual(time.monotonic() - begun, 0.3)
        self.assertEqual(self.endpoint.violations, [])

    def test_pdfs(self):
        self.endpoint.pdfs["2602.00001"] = "A paper (of two lines) \\ café\n" + "and many more\n" * 100
        got, body = self.ask("GET", "/pdf/2602.00001v1", headers={"Authorization": None})
        self.assertEqual(got, 200)
        self.assertEqual([name for name, _ in self.endpoint.pdf_times()], ["2602.00001v1"])
        self.assertEqual(self.endpoint.violations, [])
        try:
            text = subprocess.run(["pdftotext", "-enc", "UTF-8", "-", "-"], input=body, capture_output=True, check=True)
        except FileNotFoundError:
            self.skipTest("no pdftotext")
        self.assertIn("A paper (of two lines) \\ café", text.stdout.decode())
        self.assertEqual(text.stdout.decode().count("and many more"), 100)
        self.assertEqual(text.stderr, b"")


if __name__ == "__main__":
    unittest.main()
