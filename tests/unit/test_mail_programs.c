/* Whether mail programs show what the HTML templates use, and people can read it. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/bytes.h"
#include "unit/data.h"

/* What some mail program does not show, and why that may be. */
static const struct {
    const char *feature;
    const char *programs; /* those that may lack it; "*" all */
} degrades[] = {
    {"css-max-height", "outlook/windows"}, /* the preheader is hidden by display:none */
    {"css-overflow", "outlook/windows"},   /* the same */
    {"css-word-wrap", "outlook/windows"},  /* a very long word sticks out */
    {"css-word-break", "yahoo/desktop-webmail gmx/desktop-webmail"}, /* word-wrap does it */
    {"html-style", "gmx/desktop-webmail"}, /* the light colours, the wide margins */
    {"css-at-media-prefers-color-scheme", "*"}, /* the light colours, or the program's own dark */
    {"css-at-media", "outlook/windows thunderbird/macos"}, /* wide margins */
    {"html-meta-color-scheme", "*"},
    {"html-lang", "gmx/desktop-webmail"},
    {"html-dir", "gmx/desktop-webmail"},
    {"html-role", "gmx/desktop-webmail"},
    {"html-body", "*"}, /* its colours are repeated on the outer table */
    {"html-doctype", "*"},
};

static bool may_lack(const char *feature, const char *program)
{
    for (size_t i = 0; i < sizeof(degrades) / sizeof(degrades[0]); i++)
        if (strcmp(degrades[i].feature, feature) == 0)
            return degrades[i].programs[0] == '*' || strstr(degrades[i].programs, program);
    return false;
}

static size_t check_feature(const json_t *support, const char *feature, const char *where)
{
    const char *program;
    json_t *answer;
    size_t failures = 0;

    json_object_foreach(json_object_get(json_object_get(support, feature), "support"), program,
                        answer)
    {
        if (strcmp(json_string_value(answer), "n") != 0 || may_lack(feature, program))
            continue;
        fprintf(stderr, "%s: %s does not show %s\n", where, program, feature);
        failures++;
    }
    return failures;
}

/* The feature table's name of a property: longhands go by their shorthand where
 * they have no entry. */
static bool find_feature(const json_t *support, struct view property, char ret_feature[64])
{
    static const char *const plain[] = {"color", NULL}; /* in no table: shown by all */

    for (size_t i = 0; plain[i]; i++)
        if (view_equal_string(property, plain[i])) {
            ret_feature[0] = '\0';
            return true;
        }
    while (property.size) {
        snprintf(ret_feature, 64, "css-%.*s", VIEW_ARGUMENTS(property));
        if (json_object_get(support, ret_feature))
            return true;
        while (property.size && property.data[property.size - 1] != '-')
            property.size--;
        property = view_slice(property, 0, property.size ? property.size - 1 : 0);
    }
    return false;
}

static size_t check_declarations(const json_t *support, struct view text, const char *where)
{
    struct view declaration;
    size_t failures = 0;
    char feature[64];

    while (view_next_part(&text, ';', &declaration)) {
        struct view property =
            view_trim(view_slice(declaration, 0, view_find_char(declaration, ':', 0)));

        if (!property.size)
            continue;
        if (!find_feature(support, property, feature)) {
            fprintf(stderr, "%s: the table does not know %.*s\n", where, VIEW_ARGUMENTS(property));
            failures++;
        } else if (feature[0]) {
            failures += check_feature(support, feature, where);
        }
    }
    return failures;
}

static size_t check_tags(const json_t *support, struct view text, const char *where)
{
    static const char *const attributes[] = {"lang", "dir",         "role", "align", "valign",
                                             "width", "cellpadding", "cellspacing", NULL};
    size_t failures = 0;

    for (size_t at = 0; (at = view_find_char(text, '<', at)) < text.size; at++) {
        struct view tag = view_slice(text, at + 1, view_find_char(text, '>', at));
        char feature[64];
        size_t size = 0;

        while (size < tag.size && isalnum((unsigned char)tag.data[size]))
            size++;
        if (!size)
            continue;
        snprintf(feature, sizeof(feature), "html-%.*s", (int)size, tag.data);
        failures += check_feature(support, feature, where);
        for (size_t i = 0; attributes[i]; i++) {
            char pattern[32];

            snprintf(pattern, sizeof(pattern), " %s=", attributes[i]);
            snprintf(feature, sizeof(feature), "html-%s", attributes[i]);
            if (view_find(tag, view_of(pattern), 0) < tag.size)
                failures += check_feature(support, feature, where);
        }
    }
    return failures;
}

static const char *const html_templates[] = {
    "templates/page.mustache",   "templates/masthead.mustache",    "templates/paper.mustache",
    "templates/footer.mustache", "templates/more_papers.mustache", "templates/answer.html",
    "templates/confirmation.html", "templates/answer_done.mustache",
    "templates/answer_refused.mustache", "templates/answer_unknown.mustache",
    "templates/answer_profile.mustache", "templates/answer_commands.mustache", NULL};

static void test_mail_programs(void **state)
{
    char path[512];
    struct view bytes;
    json_t *support;
    size_t failures = 0;

    (void)state;
    if (!data_path("mail-clients/support.json", path))
        skip();
    bytes = data_read(path);
    support = json_loadb(bytes.data, bytes.size, 0, NULL);
    assert_non_null(support);
    for (size_t i = 0; html_templates[i]; i++) {
        struct view text = data_read(html_templates[i]);
        size_t count = 0;

        for (size_t at = 0; (at = view_find(text, VIEW("style=\""), at)) < text.size;) {
            size_t end = view_find_char(text, '"', at + 7);

            failures += check_declarations(support, view_slice(text, at + 7, end),
                                           html_templates[i]);
            at = end;
            count++;
        }
        assert_true(count > 0);
        failures += check_tags(support, text, html_templates[i]);
        data_free(text);
    }
    failures += check_feature(support, "css-at-media", "style");
    failures += check_feature(support, "css-at-media-prefers-color-scheme", "style");
    assert_int_equal(failures, 0);
    json_decref(support);
    data_free(bytes);
}

/* Nothing is fetched, run or tracked. */
static void test_nothing_external(void **state)
{
    static const char *const banned[] = {"<img", "<script", "<link", "<iframe", "<object", "<form",
                                         "src=", "url(", "@import", "@font-face", "background="};

    (void)state;
    for (size_t i = 0; html_templates[i]; i++) {
        struct view text = data_read(html_templates[i]);

        for (size_t j = 0; j < sizeof(banned) / sizeof(banned[0]); j++)
            if (view_find(text, view_of(banned[j]), 0) < text.size)
                fail_msg("%s holds %s", html_templates[i], banned[j]);
        data_free(text);
    }
}

static double channel(const char *hex, int digits)
{
    char copy[3] = {hex[0], digits == 2 ? hex[1] : hex[0], 0};
    double value = (double)strtoul(copy, NULL, 16) / 255;

    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* WCAG 2 relative luminance of "#abc" or "#aabbcc". */
static double luminance(const char *color)
{
    int digits = strlen(color) == 4 ? 1 : 2;

    return 0.2126 * channel(color + 1, digits) + 0.7152 * channel(color + 1 + digits, digits) +
           0.0722 * channel(color + 1 + 2 * digits, digits);
}

static void test_contrast(void **state)
{
    static const struct {
        const char *ink;
        const char *paper;
    } pairs[] = {
        {"#2b2822", "#fffdf9"}, {"#665", "#fffdf9"},
        {"#136", "#fffdf9"}, {"#730", "#fbead5"},    {"#e6e3dc", "#1b1e23"},
        {"#aaa498", "#1b1e23"}, {"#a3c7f2", "#1b1e23"}, {"#f0c093", "#3a2d21"},
    };
    struct buffer all;

    (void)state;
    buffer_init(&all, 1 << 20);
    for (size_t i = 0; html_templates[i]; i++) {
        struct view text = data_read(html_templates[i]);

        buffer_add_view(&all, text);
        data_free(text);
    }
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        double ink = luminance(pairs[i].ink), paper = luminance(pairs[i].paper);
        double ratio = (fmax(ink, paper) + 0.05) / (fmin(ink, paper) + 0.05);

        assert_non_null(strstr(buffer_string(&all), pairs[i].ink));
        assert_non_null(strstr(buffer_string(&all), pairs[i].paper));
        if (ratio < 4.5)
            fail_msg("%s on %s: %.2f", pairs[i].ink, pairs[i].paper, ratio);
    }
    buffer_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mail_programs),
        cmocka_unit_test(test_nothing_external),
        cmocka_unit_test(test_contrast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
