"""A model's endpoint of the tests' own, on loopback, that speaks the protocol: files, chat,
deletion. It checks every request and keeps a list of what broke the protocol, which a test
asserts to be empty; what it answers can be scripted, request by request. It serves PDFs too.

    endpoint = ModelEndpoint(key="sk-test", answer=lambda request: "TL;DR: good\\n\\n- a point")
    endpoint.script("chat", status(429, retry_after=1), hang(5))   # the next two questions
    …  summaries.base_url: endpoint.base_url, arxiv.pdf: endpoint.pdf_url
    self.assertEqual(endpoint.violations, [])
    self.assertEqual(endpoint.left_behind(), [])
    self.assertEqual(endpoint.asked_again(), [])
    endpoint.close()
"""

import json
import re
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tiny_pdf import tiny_pdf

LOCAL_ADDRESS = "127.0.0.1"
ABSENT = object()
PLACES = ("chat", "upload", "delete", "pdf")
MARKDOWN = ("TL;DR: Patience makes small machines fast.\n\n## Contributions\n\n- A **method** of few steps\n"
            "- A proof\n\n## Results\n\n| machine | steps |\n|---|---|\n| small | 7 |\n")


class Act:
    """What the endpoint does with one request; by itself, what it should.

    `content` etc. change an answer, `document` (any JSON) or `body` (any bytes) take its place.
    `hang`: seconds of silence before it; `drip`: seconds before each byte of the body;
    `cut`: the connection is closed behind so many bytes of the body, None: it is not;
    `reset`: closed by a TCP reset, without any answer."""

    def __init__(self, status=200, headers=None, content=None, finish_reason="stop", refusal=None, document=ABSENT,
                 body=None, content_type="application/json", hang=0.0, drip=0.0, cut=None, reset=False):
        self.status, self.headers, self.content = status, list(headers or []), content
        self.finish_reason, self.refusal, self.document, self.body = finish_reason, refusal, document, body
        self.content_type, self.hang, self.drip, self.cut, self.reset = content_type, hang, drip, cut, reset


def good(content=None):
    return Act(content=content)


def status(number, retry_after=None, message="no", code=None):
    headers = [] if retry_after is None else [("Retry-After", str(retry_after))]
    return Act(number, headers, document={"error": {"message": message, "type": "test", "param": None, "code": code}})


def redirect(url, number=307):
    return Act(number, [("Location", url)], body=b"")


def hang(seconds=600.0):
    return Act(hang=seconds)


def drip(seconds=0.5):
    return Act(drip=seconds)


def cut(after=20):
    return Act(cut=after)


def reset():
    return Act(reset=True)


def ended(finish_reason, content=None):
    """"length" for an answer that was cut off, "content_filter"."""
    return Act(content=content, finish_reason=finish_reason)


def refused(text="I cannot help with that."):
    return Act(content="", refusal=text)


def empty():
    return Act(content="")


def huge(megabytes=10):
    return Act(content="0123456789abcde\n" * (megabytes << 16))


def stream():
    """As if "stream": true had been asked for."""
    piece = {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "piece"}}]}
    return Act(body=f"data: {json.dumps(piece)}\n\ndata: [DONE]\n\n".encode(), content_type="text/event-stream")


def not_json(body=b"<!DOCTYPE html><title>Welcome</title>"):
    return Act(body=body, content_type="text/html")


def shape(document):
    return Act(document=document)


WRONG_SHAPES = ([], "text", 7, None, {}, {"choices": None}, {"choices": []}, {"choices": {}}, {"choices": [7]},
                {"choices": [{}]}, {"choices": [{"message": "text"}]}, {"choices": [{"text": "of old"}]},
                {"error": {"message": "upstream failed", "code": 502}})


def header_tricks():
    """An answer that is good but for its header, none of which may do anything."""
    return Act(headers=[("Location", "http://127.0.0.1:9/elsewhere"), ("Set-Cookie", "session=1; Path=/"),
                        ("Retry-After", "soon\tor later"), ("Refresh", "0; url=http://127.0.0.1:9/"),
                        ("Subject", "Bcc: victim@example.org"), ("X-Long", "y" * 60000), ("ETag", "\x01\x1b[2J")])


class Upload:
    def __init__(self, ident, name, content):
        self.id, self.name, self.content = ident, name, content
        self.deleted = False


class Request:
    """As it came. `document`, `messages`, `user` (the last message) and `upload` (the file that
    it is about) of a question; `upload` of an upload and a deletion; `name` of a PDF."""

    def __init__(self, number, place, handler, body):
        self.number, self.place, self.method, self.path = number, place, handler.command, handler.path
        self.headers, self.body, self.at = list(handler.headers.items()), body, time.monotonic()
        self.document, self.messages, self.user, self.upload, self.name = None, [], "", None, None
        self.answered = False  # with status 200, to the end

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if len(values) == 1 else None


def split_form(content_type, body):
    """[(header text, content)] of multipart/form-data, to the byte; None when it is none."""
    match = re.fullmatch(r'multipart/form-data; boundary=([-\w]{1,70})', content_type or "")
    if match is None:
        return None
    mark = b"--" + match.group(1).encode()
    if not body.startswith(mark + b"\r\n") or not body.endswith(b"\r\n" + mark + b"--\r\n"):
        return None
    pieces = body[len(mark) + 2:-len(mark) - 6].split(b"\r\n" + mark + b"\r\n")
    parts = [piece.partition(b"\r\n\r\n") for piece in pieces]
    return [(head.decode("latin-1"), content) for head, gap, content in parts] if all(p[1] for p in parts) else None


def read_json(body):
    """A document without double keys, strictly UTF-8; ValueError for anything else."""
    def once(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)
    return json.loads(body.decode("utf-8"), object_pairs_hook=once)


class ModelEndpoint:
    """`answer`: Markdown, or a function from a Request to it. `key` None: no authorization may
    come. `max_tokens`, `source` ("pdf", "text", "abstract"): what has to be asked for; None: any.
    `pdfs`: a paper's id, with its version or without, to its text, or to bytes; others get a text
    of their own. `certificates`: it speaks TLS with that of localhost."""

    def __init__(self, key="sk-test-0123456789", model="qwen-long", answer=MARKDOWN, temperature=0.3, max_tokens=None,
                 source=None, pdfs=None, tokens=(1000, 100), certificates=None):
        self.key, self.model, self.answer, self.temperature = key, model, answer, temperature
        self.max_tokens, self.source, self.pdfs, self.tokens = max_tokens, source, dict(pdfs or {}), tokens
        self.requests, self.violations, self.uploads = [], [], {}
        self.choose = None  # a function from a Request to an Act or None; a script goes first
        self.scripts = {place: [] for place in PLACES}
        self.lock, self.stopped = threading.Lock(), threading.Event()
        self.asking = self.most_at_once = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

            def log_message(self, *_):
                pass

            def handle_any(self):
                try:
                    outer.serve(self)
                except OSError:
                    self.close_connection = True  # the client had enough

            do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = handle_any

        class Server(ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, request, client_address):
                pass  # a connection that was reset

        self.server = Server((LOCAL_ADDRESS, 0), Handler)
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.root = f"http{'s' if certificates else ''}://{LOCAL_ADDRESS}:{self.server.server_address[1]}"
        self.base_url, self.pdf_url = self.root + "/v1", self.root + "/pdf/"

    def close(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    # What tests say and ask.

    def script(self, place, *acts):
        """For the next requests of this place; an Act, or a function from a Request to one."""
        with self.lock:
            self.scripts[place] += acts

    def of(self, place):
        with self.lock:
            return [request for request in self.requests if request.place == place]

    def left_behind(self):
        """Names of uploads that were not deleted."""
        with self.lock:
            return [upload.name for upload in self.uploads.values() if not upload.deleted]

    def asked_again(self):
        """Questions that were answered more than once."""
        with self.lock:
            answered = Counter((request.upload and request.upload.content, request.user)
                               for request in self.requests if request.place == "chat" and request.answered)
        return [user for (_, user), times in answered.items() if times > 1]

    def pdf_times(self):
        """[(id, monotonic time)] of the PDFs asked for."""
        return [(request.name, request.at) for request in self.of("pdf")]

    # Requests.

    def serve(self, handler):
        size = handler.headers.get("Content-Length", "0")
        body = handler.rfile.read(int(size) if size.isdigit() else 0)
        with self.lock:
            request = Request(len(self.requests), self.place_of(handler), handler, body)
            self.requests.append(request)
            before = len(self.violations)
            self.check(request)
            is_wrong = len(self.violations) > before
            script = self.scripts.get(request.place)
            act = script.pop(0) if script else None
            is_chat = request.place == "chat"
            self.asking += is_chat
            self.most_at_once = max(self.most_at_once, self.asking)
        try:
            if callable(act):
                act = act(request)
            act = act or (self.choose and self.choose(request)) or Act()
            if is_wrong:
                act = status(400, message="; ".join(self.violations[before:]))
            if self.send(handler, request, act) and act.status == 200:
                with self.lock:
                    request.answered = True
        finally:
            with self.lock:
                self.asking -= is_chat

    @staticmethod
    def place_of(handler):
        for place, method, path in (("chat", "POST", r"/v1/chat/completions"), ("upload", "POST", r"/v1/files"),
                                    ("delete", "DELETE", r"/v1/files/[\w.-]+"), ("pdf", "GET", r"/pdf/[\w.-]+(/[\w.-]+)?")):
            if handler.command == method and re.fullmatch(path, handler.path, re.ASCII):
                return place
        return "unknown"

    def wrong(self, request, why):
        self.violations.append(f"request {request.number}, {request.method} {request.path}: {why}")

    def check(self, request):
        names = Counter(key.lower() for key, _ in request.headers)
        for name in ("authorization", "content-type", "content-length", "host", "user-agent", "accept"):
            if names[name] > 1:
                self.wrong(request, f"{name} stands {names[name]} times")
        if names["cookie"] or names["referer"] or names["transfer-encoding"]:
            self.wrong(request, "a header field that has no place here")
        if not (request.header("User-Agent") or "").startswith("paperboy/"):
            self.wrong(request, f"User-Agent {request.header('User-Agent')}")
        wanted = None if request.place == "pdf" or self.key is None else f"Bearer {self.key}"
        if request.header("Authorization") != wanted:
            self.wrong(request, "the authorization is not what it should be")
        if self.key and (self.key.encode() in request.body or self.key in request.path):
            self.wrong(request, "the key stands outside of the authorization")
        {"chat": self.check_chat, "upload": self.check_upload, "delete": self.check_delete,
         "pdf": self.check_pdf}.get(request.place, lambda _: self.wrong(request, "no such place"))(request)

    def check_pdf(self, request):
        request.name = request.path.removeprefix("/pdf/")

    def check_delete(self, request):
        request.upload = self.uploads.get(request.path.rpartition("/")[2])
        if request.body:
            self.wrong(request, "a body")
        if request.upload is None or request.upload.deleted:
            self.wrong(request, "no such file to delete")

    def check_upload(self, request):
        parts = split_form(request.header("Content-Type"), request.body)
        if parts is None:
            self.wrong(request, f"no multipart/form-data: {request.header('Content-Type')}")
            return
        plain = [(head, content) for head, content in parts if "filename" not in head]
        if plain != [('Content-Disposition: form-data; name="purpose"', b"file-extract")]:
            self.wrong(request, f"fields {plain}")
        files = [(head, content) for head, content in parts if "filename" in head]
        match = re.fullmatch(r'Content-Disposition: form-data; name="file"; filename="([\w.-]+\.pdf)"\r\n'
                             r"Content-Type: application/pdf", files[0][0], re.ASCII) if len(files) == 1 else None
        if match is None:
            self.wrong(request, f"files {[head for head, _ in files]}")
        elif not files[0][1].startswith(b"%PDF-"):
            self.wrong(request, f"no PDF: {files[0][1][:20]}")
        else:
            request.upload = Upload(f"file-fe-{request.number:08x}", match.group(1), files[0][1])

    def check_chat(self, request):
        if request.header("Content-Type") != "application/json":
            self.wrong(request, f"Content-Type {request.header('Content-Type')}")
        try:
            request.document = read_json(request.body)
        except ValueError as problem:
            self.wrong(request, f"no JSON: {problem}")
            return
        document = request.document if isinstance(request.document, dict) else {}
        strange = set(document) - {"model", "messages", "temperature", "max_tokens", "stream"}
        if strange:
            self.wrong(request, f"keys {sorted(strange)}")
        if document.get("model") != self.model:
            self.wrong(request, f"model {document.get('model')}")
        if document.get("temperature") != self.temperature or isinstance(document.get("temperature"), bool):
            self.wrong(request, f"temperature {document.get('temperature')}")
        if document.get("stream", False) is not False:
            self.wrong(request, "a stream is asked for")
        limit = document.get("max_tokens", 1)
        if type(limit) is not int or limit < 1 or (self.max_tokens and document.get("max_tokens") != self.max_tokens):
            self.wrong(request, f"max_tokens {document.get('max_tokens')}")
        self.check_messages(request, document.get("messages"))

    def check_messages(self, request, messages):
        is_list = isinstance(messages, list) and messages and all(
            isinstance(message, dict) and set(message) == {"role", "content"} and
            message["role"] in ("system", "user") and isinstance(message["content"], str) and message["content"].strip()
            for message in messages)
        if not is_list or messages[-1]["role"] != "user":
            self.wrong(request, f"messages {str(messages)[:200]}")
            return
        request.messages, request.user = messages, messages[-1]["content"]
        files = [message for message in messages if message["content"].startswith("fileid://")]
        if self.source is not None and len(files) != (self.source == "pdf"):
            self.wrong(request, f"{len(files)} files for source {self.source}")
        for message in files:
            request.upload = self.uploads.get(message["content"].removeprefix("fileid://"))
            if message["role"] != "system":
                self.wrong(request, f"a file in a message of {message['role']}")
            if request.upload is None or request.upload.deleted:
                self.wrong(request, f"{message['content']} is not there")

    # Answers.

    def document_for(self, request, act):
        if request.place == "upload":
            upload = request.upload
            with self.lock:
                self.uploads[upload.id] = upload
            return {"id": upload.id, "object": "file", "bytes": len(upload.content), "created_at": int(time.time()),
                    "filename": upload.name, "purpose": "file-extract", "status": "processed", "status_details": None}
        if request.place == "delete":
            with self.lock:
                request.upload.deleted = True
            return {"id": request.upload.id, "object": "file", "deleted": True}
        content = act.content
        if content is None:
            content = self.answer(request) if callable(self.answer) else self.answer
        message = {"role": "assistant", "content": content}
        if act.refusal is not None:
            message["refusal"] = act.refusal
        prompt, completion = self.tokens
        return {"id": f"chatcmpl-{request.number}", "object": "chat.completion", "created": int(time.time()),
                "model": self.model, "choices": [{"index": 0, "message": message, "logprobs": None,
                                                  "finish_reason": act.finish_reason}],
                "usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}}

    def bytes_for(self, request, act):
        """(body, its type)."""
        if act.body is not None:
            return act.body, act.content_type
        if act.document is not ABSENT:
            return json.dumps(act.document).encode(), act.content_type
        if request.place == "pdf":
            made = self.pdfs.get(request.name) or self.pdfs.get(
                re.sub(r"v\d+$", "", request.name), f"The whole text of {request.name}.\nIt has two lines.")
            return made if isinstance(made, bytes) else tiny_pdf(made), "application/pdf"
        return json.dumps(self.document_for(request, act)).encode(), act.content_type

    def send(self, handler, request, act):
        """Whether it was sent to its end."""
        if act.reset:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
            return False
        if act.hang and self.stopped.wait(act.hang):
            handler.close_connection = True
            return False
        body, content_type = self.bytes_for(request, act)
        lines = [f"HTTP/1.1 {act.status} As asked", f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in act.headers]
        handler.wfile.write("\r\n".join(lines + ["", ""]).encode("latin-1"))
        shown = body if act.cut is None else body[:act.cut]
        if act.cut is not None:
            handler.close_connection = True
        if not act.drip:
            handler.wfile.write(shown)
        for byte in shown if act.drip else b"":
            handler.wfile.write(bytes([byte]))
            if self.stopped.wait(act.drip):
                handler.close_connection = True
                return False
        return act.cut is None
