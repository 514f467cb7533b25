/* paperboy publish: the edition for everybody, as files. */
#include <sysexits.h>

#include "commands/command.h"
#include "commands/publish.h"

static int publish_input(struct site *site, const struct strings *sources, const char *folder,
                         struct date date, struct published *ret_published, bool *ret_is_empty,
                         struct error *error)
{
    struct publishing publishing = {0};
    struct input input = {0};
    int result = publishing_open(site, &publishing, error);

    if (result == 0)
        result = input_read(site, sources, &input, error);
    if (result == 0 && date_is_set(date))
        input.date = date;
    else if (result == 0 && !date_is_set(input.date))
        input.date = site_arxiv_date(site, site_now());
    *ret_is_empty = result == 0 && !input.papers.count;
    if (result == 0 && !*ret_is_empty)
        result = publishing_add_input(&publishing, &input, error);
    if (result == 0 && !*ret_is_empty)
        result = publish_write(&publishing, folder, ret_published, error);
    input_free(&input);
    publishing_close(&publishing);
    return result;
}

static int publish(struct site *site, const struct options *options, struct date date)
{
    const struct strings *sources = options_list(options, "--papers");
    const char *folder = options_value(options, "--out");
    struct published published;
    struct error error;
    bool is_empty = false;
    int result;

    if (!folder)
        folder = site->configuration.publish.folder;
    if (sources->count)
        result = publish_input(site, sources, folder, date, &published, &is_empty, &error);
    else if ((result = site_open_store(site, &error)) == 0)
        result = publish_stored(site, folder, date, &published, &error);
    if (result < 0)
        return command_fail(site->log, &error);
    if (is_empty)
        log_line(site->log, LOG_LEVEL_NOTICE, "no papers: %s stays as it is", folder);
    else
        publish_log(site, folder, &published);
    return EX_OK;
}

static int run(struct log *log, const struct options *options)
{
    struct site site = {0};
    struct date date = {0};
    struct error error;
    int status;

    if (options_date(options, "--date", &date, &error) < 0)
        return command_fail_usage(log, &error);
    if (site_open(&site, log, options->config, options_list(options, "--papers")->count > 0,
                  &error) < 0 ||
        site_open_templates(&site, &error) < 0)
        status = command_fail(log, &error);
    else
        status = publish(&site, options, date);
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{"--date", OPTION_VALUE},
                                        {"--out", OPTION_VALUE},
                                        {"--papers", OPTION_LIST},
                                        {NULL, 0}};

const struct command command_publish = {
    .name = "publish",
    .summary = "the edition as README.md, page, feeds and JSON in a folder",
    .help = "Usage: paperboy publish [--out DIR] [--date YYYY-MM-DD] [--papers FILE|URL...]\n"
            "Writes the latest stored edition, ranked for the profile that publish.profile names,\n"
            "into a folder that a web server or a git repository serves: README.md, index.html,\n"
            "feed.xml (RSS), atom.xml, papers.json, style.css, DATE.html for each of 30 days, and\n"
            "CATEGORY/feed.xml and CATEGORY/atom.xml. Feeds hold 30 days and at most 100 papers.\n"
            "What has not changed is not written; other files are left alone.\n\n"
            "  --out DIR            instead of publish.folder (public)\n"
            "  --date YYYY-MM-DD    the edition of that day and those before it\n"
            "  --papers FILE...     these papers (RSS, Atom, OAI-PMH, JSON Lines, also gzipped;\n"
            "                       - is standard input), of --date, their own day or today;\n"
            "                       then neither store nor configuration is needed\n\n"
            "Exit status: 0 done; 66 there is no such edition; 78 the configuration needs\n"
            "mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
