/* paperboy render: mustache by hand, for template authors. */
#include <stdlib.h>
#include <sysexits.h>

#include "base/file.h"
#include "commands/command.h"
#include "digest/templates.h"
#include "mail/mustache.h"

enum { TEMPLATE_BYTES = 4 * 1024 * 1024, CONTEXT_BYTES = 64 * 1024 * 1024, OUTPUT_BYTES = 256 * 1024 * 1024 };

static int compile_file(const char *path, struct mustache **ret_template, struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, TEMPLATE_BYTES);
    result = file_read(path, &text, error);
    if (result == 0)
        result = mustache_compile(path, buffer_view(&text), ret_template, error);
    buffer_free(&text);
    return result;
}

/* Any JSON value may be a context, not only an object. */
static int read_context(const char *path, json_t **ret_context, struct error *error)
{
    struct buffer text;
    json_error_t problem;
    json_t *context = NULL;
    int result;

    buffer_init(&text, CONTEXT_BYTES);
    result = file_read(path, &text, error);
    if (result == 0) {
        context = json_loadb(buffer_string(&text), text.size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
                             &problem);
        if (!context)
            result = error_set(error, ERROR_INPUT, "%s:%d:%d: %s", path, problem.line,
                               problem.column, problem.text);
    }
    buffer_free(&text);
    if (result == 0)
        *ret_context = context;
    return result;
}

static int run(struct log *log, const struct options *options)
{
    const char *template_file = options_value(options, "--template");
    const char *context_file = options_value(options, "--context");
    struct mustache *template = NULL;
    struct partials_folder *partials = NULL;
    json_t *context = NULL;
    struct buffer out;
    struct error error;
    int status;

    if (!template_file || !context_file) {
        error_set(&error, ERROR_INPUT, "--template FILE and --context FILE.json are both needed");
        return command_fail_usage(log, &error);
    }
    buffer_init(&out, OUTPUT_BYTES);
    if (options_given(options, "--partials"))
        partials = partials_folder_new(options_value(options, "--partials"));
    if (compile_file(template_file, &template, &error) < 0 ||
        read_context(context_file, &context, &error) < 0 ||
        mustache_render(template, context, partials ? partials_folder_partials(partials) : NULL,
                        &out, &error) < 0 ||
        (partials && partials_folder_check(partials, &error) < 0))
        status = command_fail(log, &error);
    else
        status = command_print(log, NULL, buffer_view(&out));
    buffer_free(&out);
    json_decref(context);
    partials_folder_free(&partials);
    mustache_free(&template);
    return status;
}

static const struct option OPTIONS[] = {{"--template", OPTION_VALUE},
                                        {"--context", OPTION_VALUE},
                                        {"--partials", OPTION_VALUE},
                                        {NULL, 0}};

const struct command command_render = {
    .name = "render",
    .summary = "render a mustache template by hand",
    .help = "Usage: paperboy render --template FILE --context FILE.json [--partials DIR]\n"
            "Renders a template as digests are rendered, for those who write templates.\n\n"
            "  --template FILE      the template\n"
            "  --context FILE.json  what its tags stand for; any JSON value\n"
            "  --partials DIR       where {{>name}} is found, as name.mustache; an unknown\n"
            "                       partial is empty\n\n"
            "Nothing is added to the output. Lambdas are not part of paperboy's mustache.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
