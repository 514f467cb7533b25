/* paperboy fetch: an edition into the store, or onto standard output. */
#include <stdio.h>
#include <sysexits.h>

#include "commands/catching_up.h"
#include "commands/command.h"
#include "commands/fetching.h"
#include "papers/feed.h"

enum { LINES_BYTES = 1 << 30 };

static int print_papers(struct log *log, const struct papers *papers)
{
    struct buffer lines;
    int status;

    buffer_init(&lines, LINES_BYTES);
    for (size_t i = 0; i < papers->count; i++)
        paper_write_jsonl(&papers->items[i], &lines);
    if (lines.failed) {
        log_line(log, LOG_LEVEL_ERROR, "the papers take more than %d bytes as JSON Lines",
                 LINES_BYTES);
        status = EX_DATAERR;
    } else {
        status = command_print(log, NULL, buffer_view(&lines));
    }
    buffer_free(&lines);
    return status;
}

static int read_edition(struct site *site, const struct options *options, struct date date,
                        struct fetched *fetched, struct error *error)
{
    const struct strings *feeds = options_list(options, "--feed");
    struct wanted wanted = {0};
    struct roster roster;
    struct error problem;
    int result;

    if (feeds->count)
        return fetching_from_sources(site, feeds, date, site_now(), fetched, error);
    roster_init(&roster, site);
    result = wanted_find(site, &roster, &wanted, error);
    roster_free(&roster);
    if (result < 0)
        return -1;
    /* Who names a day, or wants to see the papers, wants them again. */
    result = fetching_from_arxiv(site, &wanted, date,
                                 !date_is_set(date) && !options_given(options, "--jsonl"),
                                 site_now(), fetched, error);
    if (result < 0 && site->store &&
        fetching_store_failure(site, &wanted, date, site_now(), error, &problem) < 0)
        log_line(site->log, LOG_LEVEL_WARNING, "%s", problem.text);
    wanted_free(&wanted);
    /* Whatever arXiv answered instead of a feed, to a caller it was not to be read. */
    if (result < 0 && error->kind != ERROR_CONFIGURATION)
        error->kind = ERROR_PERMANENT;
    return result;
}

/* Of today the feed tells more, and it may still grow. */
static int check_since(const struct site *site, struct date since, struct error *error)
{
    struct date today = site_arxiv_date(site, site_now());
    char given[DATE_TEXT_BYTES], now[DATE_TEXT_BYTES];

    if (date_compare(since, today) < 0)
        return 0;
    date_format(since, given);
    date_format(today, now);
    return error_set(error, ERROR_INPUT,
                     "--since %s: only days before today, which is %s in New York, are caught up "
                     "with; paperboy fetch alone asks for today's",
                     given, now);
}

static int run_since(struct log *log, const struct options *options, struct date since)
{
    struct wanted wanted = {0};
    struct site site = {0};
    struct roster roster;
    struct error error;
    int status = EX_OK;

    roster_init(&roster, &site);
    if (site_open(&site, log, options->config, false, &error) < 0 ||
        site_open_store(&site, &error) < 0 ||
        wanted_find(&site, &roster, &wanted, &error) < 0 ||
        wanted_need(&site, &wanted, &error) < 0)
        status = command_fail(log, &error);
    else if (check_since(&site, since, &error) < 0)
        status = command_fail_usage(log, &error);
    else if (catching_up_since(&site, &wanted, since, site_now(), &error) < 0)
        status = command_fail(log, &error);
    wanted_free(&wanted);
    roster_free(&roster);
    site_close(&site);
    return status;
}

static int run(struct log *log, const struct options *options)
{
    bool prints = options_given(options, "--jsonl");
    bool from_feeds = options_list(options, "--feed")->count > 0;
    struct fetched fetched = {0};
    struct site site = {0};
    struct date date = {0}, since = {0};
    struct error error;
    int status = EX_OK;

    if (options_date(options, "--date", &date, &error) < 0 ||
        options_date(options, "--since", &since, &error) < 0)
        return command_fail_usage(log, &error);
    if (date_is_set(since) && (from_feeds || prints || date_is_set(date))) {
        error_set(&error, ERROR_INPUT, "--since stands alone, without --feed, --date and --jsonl");
        return command_fail_usage(log, &error);
    }
    if (date_is_set(since))
        return run_since(log, options, since);
    /* With --feed and --jsonl it is a filter, and stores nothing where there is no store. */
    if (site_open(&site, log, options->config, prints && from_feeds, &error) < 0 ||
        (site.has_configuration && site_open_store(&site, &error) < 0) ||
        read_edition(&site, options, date, &fetched, &error) < 0) {
        status = command_fail(log, &error);
        goto out;
    }
    if (site.has_configuration && fetching_store(&site, &fetched, &error) < 0)
        status = command_fail(log, &error);
    else if (prints)
        status = print_papers(log, &fetched.input.papers);
out:
    fetched_free(&fetched);
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{"--feed", OPTION_LIST},
                                        {"--date", OPTION_VALUE},
                                        {"--since", OPTION_VALUE},
                                        {"--jsonl", OPTION_FLAG},
                                        {NULL, 0}};

const struct command command_fetch = {
    .name = "fetch",
    .summary = "fetch an edition into the store",
    .help = "Usage: paperboy fetch [--feed FILE|URL...] [--date YYYY-MM-DD] [--jsonl]\n"
            "       paperboy fetch --since YYYY-MM-DD\n"
            "Asks arXiv for today's announcements in the categories that profiles and\n"
            "configuration name, and stores them. Nothing is mailed.\n\n"
            "  --feed FILE|URL...  read these instead (RSS, Atom, OAI-PMH, JSON Lines, also\n"
            "                      gzipped; - is standard input)\n"
            "  --date YYYY-MM-DD   the edition's date, instead of the feed's own\n"
            "  --since YYYY-MM-DD  over OAI-PMH: the days since then that are not complete;\n"
            "                      their dates are estimates\n"
            "  --jsonl             also print the papers as JSON Lines; with --feed this\n"
            "                      works without a configuration, and then stores nothing\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
