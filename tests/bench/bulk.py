"""A morning from its papers to the relay: the program itself plans, ranks, renders, encodes,
journals and sends for so many subscribers, turn by turn with smtp-source, which sends as
many messages of the same mean size and makes none of them; and the Python bot's way for
a few of them. The archive is a few days old and grows by more than a sixteenth each
morning, so that each compiles all profiles anew, which an older one seldom does."""
import datetime
import json
import os
import random
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import sending

KEYWORDS = 12
MOST_PAPERS = 8  # whole abstracts: about 40 KB
MIB = 1024.0
BOT_SAMPLE = 20
MEASURED = 500  # digests whose mean size is taken


BOT_PAGE = """<html><body><p>Hello {{name}},</p>
{{#papers}}<h2><a href="https://arxiv.org/abs/{{id}}">{{title}}</a></h2>
<p>{{authors}}</p><p>{{abstract}}</p><p>Score {{score}}</p>
{{/papers}}</body></html>"""


class Installation:
    """A folder with profiles as files, made up from the papers' own titles. Not synced:
    it is thrown away."""

    def __init__(self, program, templates, papers, subscribers):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix='bench-')
        self.subscribers = subscribers
        with open(papers, encoding='utf-8') as lines:
            self.papers = [json.loads(line) for line in lines]
        os.mkdir(self.path('subscribers'), 0o700)
        for number in range(subscribers):
            with open(self.path('subscribers/reader%06d@example.org.json' % number), 'w',
                      encoding='utf-8') as file:
                json.dump(self.profile(number), file)
        self.configuration = {
            'sender': {'name': 'Paperboy', 'address': 'digest@example.org'},
            'list': {'owner': 'owner@example.org'},
            'templates': os.path.abspath(templates), 'subscribers': 'subscribers',
            'key_file': 'paperboy.key', 'store': 'sqlite:paperboy.db'}

    def path(self, name):
        return os.path.join(self.folder, name)

    def profile(self, number):
        draw = random.Random(number)
        keywords = {}
        while len(keywords) < KEYWORDS:
            words = [word for word in draw.choice(self.papers)['title'].split() if word.isalpha()]
            start = draw.randrange(max(1, len(words)))
            phrase = ' '.join(words[start:start + draw.choice((1, 1, 2))]).lower()
            if len(phrase) > 3:
                keywords[phrase] = None
        return {'email': 'reader%06d@example.org' % number, 'name': 'Reader %d' % number,
                'keywords': list(keywords), 'max_papers': MOST_PAPERS}

    def morning(self, port, day, options=()):
        """The edition of so many days ago, its papers under ids of that day: what it took."""
        date = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=day + 1)
        feed = self.path('papers.jsonl')
        with open(feed, 'w', encoding='utf-8') as file:
            for number, paper in enumerate(self.papers):
                print(json.dumps(dict(paper, id='2%03d.%05d' % (day, number), date=str(date))), file=file)
        self.configuration['delivery'] = {'url': 'smtp://127.0.0.1:%d' % port, 'per_second': 0,
                                          'connections': 16}
        with open(self.path('paperboy.json'), 'w', encoding='utf-8') as file:
            json.dump(self.configuration, file)
        arguments = [self.program, '--config', self.path('paperboy.json'), 'run', '--feed', feed,
                     '--date', str(date), *options]
        with open(self.path('log'), 'wb') as log:
            start = time.perf_counter()
            process = subprocess.Popen(arguments, stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
            passed = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        with open(self.path('log'), encoding='utf-8') as log:
            said = log.read()
        if process.returncode or 'sent %d,' % self.subscribers not in said:
            sys.exit('bench: paperboy run ended with %d:\n%s' % (process.returncode, said[-2000:]))
        return {'s': passed, 'cpu_s': usage.ru_utime + usage.ru_stime,
                'mib': usage.ru_maxrss / MIB}

    def close(self):
        shutil.rmtree(self.folder)


def bot_way(installation, port, sample):
    """Seconds a recipient: the substring loop over the day, the template, a connection."""
    import pystache

    renderer = pystache.Renderer(missing_tags='ignore')
    page = pystache.parse(BOT_PAGE)
    start = time.perf_counter()
    for number in range(sample):
        profile = installation.profile(number)
        scored = []
        for paper in installation.papers:
            text = (paper['title'] + ' ' + paper['abstract']).lower()
            score = 0.0
            for keyword in profile['keywords']:
                if keyword in text:
                    score += 1.0
                    if keyword in paper['title'].lower():
                        score += 0.5
            if score > 0:
                scored.append((score, paper))
        scored.sort(key=lambda item: -item[0])
        papers = [dict(paper, score=score, authors=', '.join(paper.get('authors', [])))
                  for score, paper in scored[:MOST_PAPERS]]
        html = renderer.render(page, {'name': profile['name'], 'papers': papers})
        message = MIMEMultipart('alternative')
        message['From'], message['To'] = 'digest@example.org', profile['email']
        message['Subject'] = '%d papers' % len(papers)
        message.attach(MIMEText(html, 'html', 'utf-8'))
        with smtplib.SMTP('127.0.0.1', port) as smtp:
            smtp.sendmail('digest@example.org', [profile['email']], message.as_string())
    return (time.perf_counter() - start) / sample


def find_size(program, benches, templates, papers):
    """The mean size of a digest on the wire, seen by a sink that counts."""
    with sending.DistantSink(benches, 0) as sink:
        installation = Installation(program, templates, papers, MEASURED)
        try:
            installation.morning(sink.port, 0)
        finally:
            installation.close()
    return sink.counted['bytes'] // sink.counted['messages']


def bench(program, benches, templates, papers, subscribers, mornings):
    size = find_size(program, benches, templates, papers)
    installation = Installation(program, templates, papers, subscribers)
    sink = sending.Sink()
    print('from papers to sent: %d subscribers, %.1f KB each; smtp-source -s %d sends as many bytes'
          % (subscribers, size / 1000, sending.SESSIONS))
    try:
        for day in range(mornings - 1, -1, -1):
            theirs = sending.source(sink.port, subscribers, size)
            ours = installation.morning(sink.port, day)
            print('  %-28s %8.2f s %8.2f x smtp-source (aim 1.25); %.0f us of CPU each; '
                  'resident %.1f MB at most'
                  % ('first morning' if day == mornings - 1 else 'a later one', ours['s'],
                     ours['s'] / theirs, ours['cpu_s'] / subscribers * 1e6, ours['mib']), flush=True)
        each = bot_way(installation, sink.port, BOT_SAMPLE)
        print('  %-28s %8.1f ms a recipient: %.0f x what a later one takes (aim 300)'
              % ("the Python bot's way", each * 1e3, each * subscribers / ours['s']), flush=True)
    finally:
        sink.close()
        installation.close()
