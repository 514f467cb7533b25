#!/usr/bin/env python3
"""Measures the store, planning, feed parsing, digests, ranking, sending and serving against others on the
same input: medians of several runs in one go, and the ratios, which are what to
believe on a shared machine. Started by `make bench`."""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import bulk
import sending
import serving
import storing

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATES = os.path.join(HERE, '..', '..', 'templates')
DATA = os.path.join(HERE, '..', '..', '..', 'shared', 'data')
KEYWORDS = 40


def ranked(program, papers, profiles, threads, runs, kind='keywords'):
    out = subprocess.run([program, papers, str(profiles), str(threads), str(runs), kind],
                         check=True, stdout=subprocess.PIPE).stdout
    return out.decode()


def python_loop(papers, profiles):
    """The Python bot's loop: seconds per profile."""
    with open(papers, encoding='utf-8') as lines:
        texts = [(p['title'], p['abstract']) for p in map(json.loads, lines)]
    start = time.perf_counter()
    for keywords in profiles:
        scored = []
        for title, abstract in texts:
            text = (title + ' ' + abstract).lower()
            score = 0.0
            for keyword in keywords:
                if keyword.lower() in text:
                    score += 1.0
                    if keyword.lower() in title.lower():
                        score += 0.5
            if score > 0:
                scored.append(score)
        scored.sort(reverse=True)
    return (time.perf_counter() - start) / len(profiles)


def bench_ranking(program, papers, sizes, threads, runs):
    sample = [json.loads(line) for line in ranked(program, papers, 0, 1, 1).splitlines()]
    python = statistics.median(python_loop(papers, sample[i::5][:3]) for i in range(5))
    plain = statistics.median(json.loads(ranked(program, papers, 1, 0, 1))['s_per_profile']
                              for _ in range(5))
    print('ranking, %d keywords, top 30 with reasons, %d threads' % (KEYWORDS, threads))
    print('  %-28s %12.1f us a profile' % ('Python substring loop', python * 1e6))
    print('  %-28s %12.1f us a profile %11.0f x Python' % ('C memmem loop', plain * 1e6,
                                                          python / plain))
    others = [(kind, min(sizes)) for kind in ('interests', 'mixed', 'substring')]
    for kind, size in [('keywords', size) for size in sizes] + others:
        result = json.loads(ranked(program, papers, size, threads, runs, kind))
        each = result['rank_s'] / size
        print('  %-28s %12.1f us a profile %11.0f x Python %7.0f x C; %.1f us of processor time; %.2f s in all'
              % ('%d x %s' % (size, kind), each * 1e6, python / each, plain / each,
                 result['cpu_s'] / size * 1e6, result['rank_s']), end='')
        if result['bytes_per_profile']:
            print('; compiled in %.1f s to %.0f bytes each; peak of memory %.0f bytes each'
                  % (result['compile_s'], result['bytes_per_profile'], result['peak_kib'] * 1024 / size), end='')
        print(flush=True)


def pystache_us(templates, context, runs):
    """The same templates and context, both parts, templates parsed before: not encoded."""
    import pystache

    def read(name):
        with open(os.path.join(templates, name), encoding='utf-8') as file:
            return file.read()

    def inherited(text):
        """Without inheritance, which pystache has not: the parent with its one block filled."""
        found = re.fullmatch(r'\{\{<(\w+)\}\}\n\{\{\$(\w+)\}\}\n(.*)\{\{/\2\}\}\n\{\{/\1\}\}\n', text, re.S)
        if not found:
            return text
        parent, block, content = found.groups()
        return re.sub(r'\{\{\$%s\}\}\n\{\{/%s\}\}\n' % (block, block), lambda _: content, read(parent + '.mustache'))

    partials = {name[:-len('.mustache')]: read(name) for name in os.listdir(templates)
                if name.endswith('.mustache')}
    renderer = pystache.Renderer(partials=partials, missing_tags='ignore')
    pages = [pystache.parse(inherited(read(name))) for name in ('digest.html', 'digest.txt')]
    times = []
    for _ in range(runs):
        start = time.process_time()
        for page in pages:
            renderer.render(page, context)
        times.append(time.process_time() - start)
    return statistics.median(times) * 1e6


def bench_digest(program, papers, profiles, runs):
    print('digests of the 30 best papers, HTML and text, templates/, processor time')
    for characters, name in ((150, 'abstracts of 150 characters'), (0, 'whole abstracts')):
        arguments = [program, TEMPLATES, papers, str(characters)]
        context = json.loads(subprocess.run(arguments + ['1', '0'], check=True, stdout=subprocess.PIPE).stdout)
        theirs = pystache_us(TEMPLATES, context, runs)
        for count in (1, profiles):
            result = json.loads(subprocess.run(arguments + [str(count), str(runs)], check=True,
                                               stdout=subprocess.PIPE).stdout)
            print('  %s, %.1f KB, %s' % (name, result['message_bytes'] / 1000,
                                         'one subscriber' if count == 1 else '%d subscribers' % count))
            print('    %-26s %12.1f us' % ('pystache, not encoded', theirs))
            print('    %-26s %12.1f us with header and encoding' % ('plain evaluation', result['plain_us']))
            print('    %-26s %12.1f us with header and encoding %7.0f x pystache %7.0f x plain; '
                  '%.1f us with ranking; %.0f us when its papers come first'
                  % ('assembled', result['assembled_us'], theirs / result['assembled_us'],
                     result['plain_us'] / result['assembled_us'], result['ranked_us'],
                     result['first_us']), flush=True)


def bench_feed(program, feed, runs):
    import feedparser
    with open(feed, 'rb') as file:
        data = file.read()
    ours = float(subprocess.run([program, feed, str(runs * 10)], check=True,
                                stdout=subprocess.PIPE).stdout)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        entries = len(feedparser.parse(data).entries)
        times.append(time.perf_counter() - start)
    theirs = statistics.median(times)
    size = len(data) / 1e6
    print('feed of %.1f MB, %d items, to papers' % (size, entries))
    print('  %-28s %12.1f MB/s' % ('feedparser', size / theirs))
    print('  %-28s %12.1f MB/s %17.1f x feedparser' % ('paperboy', size / ours, theirs / ours))


def bench_planning(program, profiles, history):
    """A morning's planning: processor seconds of all threads, and what passed."""
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run([program, os.path.join(folder, 'new'), str(profiles), str(history)],
                             check=True, stdout=subprocess.PIPE).stdout
    print('planning %d profiles, %d earlier days of digests' % (profiles, history))
    *mornings, delivery = map(json.loads, out.splitlines())
    print('  %-28s %12.1f us of CPU a delivery; listing %d editions anew would take %.0f'
          % ('what it takes', delivery['taking_us'], delivery['editions'], delivery['listing_us']))
    for result in mornings:
        for name, step in (('all are due', 'due'), ('none is, something changed', 'none_due'),
                           ('none is, nothing changed', 'quiet')):
            print('  %-28s %12.3f s of CPU %10.3f s passed' % ('%s, %s' % (result['where'], name),
                                                              result[step + '_cpu_s'], result[step + '_s']))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('programs', help='folder of the benches')
    options.add_argument('--papers', default=os.path.join(DATA, 'papers/day-2026-06-30.jsonl'))
    options.add_argument('--feed', default=os.path.join(DATA, 'arxiv-rss/rss-2026-06-30-rebuilt.xml'))
    options.add_argument('--threads', type=int, default=2)
    options.add_argument('--runs', type=int, default=5)
    options.add_argument('--profiles', type=int, nargs='*', default=[10000, 100000, 1000000])
    options.add_argument('--digests', type=int, default=500)
    options.add_argument('--planned', type=int, default=100000)
    options.add_argument('--history', type=int, default=5)
    options.add_argument('--messages', type=int, default=4000)
    options.add_argument('--deliveries', type=int, default=20000)
    options.add_argument('--only', choices=('storing', 'sending', 'bulk', 'serving'), help='nothing else')
    options.add_argument('--subscribers', type=int, default=10000, help='of the mornings from papers to sent')
    options.add_argument('--mornings', type=int, default=3)
    given = options.parse_args()
    for path, option in ((given.papers, 'PAPERS'), (given.feed, 'FEED')):
        if not os.path.exists(path):
            sys.exit('bench: %s is missing; give another with %s=FILE' % (path, option))
    if given.only in (None, 'storing'):
        storing.bench(os.path.join(given.programs, 'bench_store'), given.deliveries, given.runs)
    if given.only in (None, 'sending'):
        sending.bench(given.programs, given.messages, given.runs)
    if given.only in (None, 'bulk'):
        bulk.bench(os.path.join(given.programs, '..', 'paperboy'), given.programs, TEMPLATES, given.papers,
                   given.subscribers, given.mornings)
    if given.only in (None, 'serving'):
        serving.bench_serving(os.path.join(given.programs, '..', 'paperboy'), TEMPLATES, given.papers, given.runs)
    if given.only:
        return
    bench_planning(os.path.join(given.programs, 'bench_plan'), given.planned, given.history)
    bench_feed(os.path.join(given.programs, 'bench_feed'), given.feed, given.runs)
    bench_digest(os.path.join(given.programs, 'bench_digest'), given.papers, given.digests, given.runs)
    bench_ranking(os.path.join(given.programs, 'bench_rank'), given.papers, given.profiles,
                  given.threads, given.runs)


if __name__ == '__main__':
    main()
