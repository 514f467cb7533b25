/* Folders of templates and word catalogues: what loads, what is refused and in
 * which words, and whether mail programs show what the shipped ones use. */
#include <ctype.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "digest/templates.h"
#include "unit/data.h"

static void write_file(const char *folder, const char *name, const char *text)
{
    struct error error = {0};
    char *path = file_join(folder, name);

    if (file_write_atomic(path, view_of(text), 0600, &error) < 0)
        fail_msg("%s", error.text);
    free(path);
}

/* A folder with the least that loads. */
static char *make_folder(void)
{
    char *folder = data_temporary_folder(), *words = file_join(folder, "words");
    struct view english = data_read("templates/words/en.json");
    struct error error = {0};
    struct buffer copy;

    assert_int_equal(file_make_folder(words, 0700, &error), 0);
    buffer_init(&copy, 1 << 20);
    buffer_add_view(&copy, english);
    write_file(folder, "digest.html", "<p>{{x}}{{>part}}</p>");
    write_file(folder, "digest.txt", "{{{x}}}{{words.why}}\n");
    write_file(folder, "part.mustache", "part");
    write_file(folder, "words/en.json", buffer_string(&copy));
    buffer_free(&copy);
    data_free(english);
    free(words);
    return folder;
}

/* The text behind the folder's name. */
static const char *behind(const char *text, const char *folder)
{
    return strncmp(text, folder, strlen(folder)) == 0 ? text + strlen(folder) : text;
}

static void test_refused(void **state)
{
    static const struct {
        const char *file;
        const char *text; /* NULL: the file is missing */
        const char *want;
    } table[] = {
        {"digest.txt", NULL, ": there is no digest.txt in this folder of templates"},
        {"digest.html", "a\n{{#b}}", "/digest.html:2: {{#b}} is never closed"},
        {"part.mustache", "{{>p\n", "/part.mustache:1: this tag, opened by \"{{\", is never closed by \"}}\""},
        {"digest.html", "\n\n{{>prat}}",
         "/digest.html:3: the partial {{>prat}} is unknown: there is no prat.mustache beside this "
         "file; did you mean \"part\"?"},
        {"other.txt", "{{<unheard}}{{/unheard}}",
         "/other.txt:1: the partial {{>unheard}} is unknown: there is no unheard.mustache beside "
         "this file"},
        {"digest.txt", "{{words.wyh}}",
         "/digest.txt:1: {{words.wyh}}: words/en.json has no such word without placeholders"},
        {"words/en.json", NULL, "/words/en.json: No such file or directory"},
        {"words/en.json", "{\n\"direction\": \"ltr\"}",
         "/words/en.json:1: the word \"monday\" is missing"},
        {"words/de.json", "{\"why\": \"Wegen\",}", "/words/de.json:1:"},
        {"words/de.json", "{\n\"why\": 1}", "/words/de.json:2: why: must be a string, not "},
        {"words/de.json", "{\n\"count_papers\": {\"one\": \"{count} Artikel\"}}",
         "/words/de.json:2: count_papers: plural forms need \"other\""},
        {"words/de.json", "{\"count_papers\": {\n\"on\": \"{count}\", \"other\": \"x\"}}",
         "/words/de.json:2: count_papers.on: unknown key; did you mean \"one\"?"},
        {"words/de.json", "{\n\n\"subject\": \"{list} am {tag}\"}",
         "/words/de.json:3: subject: nothing fills {tag}: en.json does not use it here"},
    };
    struct templates *templates = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct error error = {0};
        char *folder = make_folder(), *path = file_join(folder, table[i].file);
        const char *got;

        if (table[i].text)
            write_file(folder, table[i].file, table[i].text);
        else
            assert_int_equal(remove(path), 0);
        assert_int_equal(templates_load(folder, &templates, &error), -1);
        assert_null(templates);
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        got = behind(error.text, folder);
        if (!strstr(got, table[i].want))
            fail_msg("want: %s\ngot:  %s", table[i].want, got);
        free(path);
        data_remove_folder(&folder);
    }
}

static void test_folder(void **state)
{
    struct templates *templates = NULL;
    struct error error = {0};
    char *folder = make_folder();
    struct buffer out;
    json_t *context = json_pack("{s:s}", "x", "<>");

    (void)state;
    write_file(folder, ".hidden.html", "{{#broken");
    write_file(folder, "notes.md", "{{#broken");
    if (templates_load(folder, &templates, &error) < 0)
        fail_msg("%s", error.text);
    buffer_init(&out, 1000);
    assert_int_equal(templates_render(templates, "digest.html", context, &out, &error), 0);
    assert_string_equal(buffer_string(&out), "<p>&lt;&gt;part</p>");
    assert_int_equal(templates_render(templates, "part", context, &out, &error), -1);
    assert_string_equal(error.text, "there is no template part");
    assert_null(templates_find(templates, "part"));
    assert_non_null(templates_partials(templates)->find(templates_partials(templates)->user,
                                                        VIEW("part")));
    assert_int_equal(templates_load("/nonexistent", &templates, &error), -1);
    json_decref(context);
    buffer_free(&out);
    templates_free(&templates);
    templates_free(&templates);
    data_remove_folder(&folder);
}

static void test_partials_folder(void **state)
{
    static const struct {
        const char *template;
        const char *want;
        const char *error;
    } table[] = {
        {"{{>part}}{{>part}}", "partpart", NULL},
        {"[{{>unknown}}]", "[]", NULL},
        {"[{{>../part}}{{>words/en}}{{>.part}}]", "[]", NULL},
        {"[{{>broken}}]", "[]", "/broken.mustache:1: {{#a}} is never closed"},
    };
    char *folder = make_folder();

    (void)state;
    write_file(folder, "broken.mustache", "{{#a}}");
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct partials_folder *partials = partials_folder_new(folder);
        struct mustache *mustache = NULL;
        struct error error = {0};
        struct buffer out;

        buffer_init(&out, 1000);
        assert_int_equal(mustache_compile("t", view_of(table[i].template), &mustache, &error), 0);
        assert_int_equal(mustache_render(mustache, NULL, partials_folder_partials(partials), &out,
                                         &error),
                         0);
        assert_string_equal(buffer_string(&out), table[i].want);
        assert_int_equal(partials_folder_check(partials, &error), table[i].error ? -1 : 0);
        if (table[i].error)
            assert_string_equal(behind(error.text, folder), table[i].error);
        mustache_free(&mustache);
        partials_folder_free(&partials);
        buffer_free(&out);
    }
    data_remove_folder(&folder);
}

static void test_languages(void **state)
{
    static const struct {
        const char *language;
        const char *found;
        const char *why;
        const char *papers; /* 2 of them */
        const char *date;
    } table[] = {
        {"en", "en", "Here for", "2 papers", "Tuesday, 17 February 2026"},
        {NULL, "en", "Here for", "2 papers", "Tuesday, 17 February 2026"},
        {"tlh", "en", "Here for", "2 papers", "Tuesday, 17 February 2026"},
        {"de", "de", "Wegen", "2 Artikel", "Dienstag, 17. Februar 2026"},
        {"DE_ch", "de", "Wegen", "2 Artikel", "Dienstag, 17. Februar 2026"},
        {"de-AT", "de-AT", "Wegen", "2 Beiträge", "Dienstag, 17. Feber 2026"},
        {"de-AT-1901", "de-AT", "Wegen", "2 Beiträge", "Dienstag, 17. Feber 2026"},
        {"ru", "ru", "Here for", "2 статьи", "Tuesday, 17 February 2026"},
        {"zh-Hant", "zh", "Here for", "共 2 篇", "2026年2月17日"},
    };
    struct templates *templates = NULL;
    struct error error = {0};
    char *folder = make_folder();

    (void)state;
    write_file(folder, "words/de.json",
               "{\"why\":\"Wegen\",\"count_papers\":{\"one\":\"{count} Artikel\",\"other\":\"{count} "
               "Artikel\"},\"tuesday\":\"Dienstag\",\"february\":\"Februar\",\"date_long\":\"{weekday}, "
               "{day}. {month} {year}\"}");
    write_file(folder, "words/de-AT.json",
               "{\"count_papers\":\"{count} Beiträge\",\"february\":\"Feber\"}");
    write_file(folder, "words/ru.json",
               "{\"count_papers\":{\"one\":\"{count} статья\",\"few\":\"{count} "
               "статьи\",\"other\":\"{count} статей\"}}");
    write_file(folder, "words/zh.json",
               "{\"count_papers\":\"共 {count} 篇\",\"date_long\":\"{year}年{month_number}月{day}日\"}");
    if (templates_load(folder, &templates, &error) < 0)
        fail_msg("%s", error.text);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct words *words = templates_words(templates, table[i].language);
        struct buffer out;

        buffer_init(&out, 1000);
        assert_string_equal(words_language(words), table[i].found);
        words_add(words, "why", -1, NULL, &out);
        assert_string_equal(buffer_string(&out), table[i].why);
        buffer_clear(&out);
        words_add(words, "count_papers", 2, NULL, &out);
        assert_string_equal(buffer_string(&out), table[i].papers);
        buffer_clear(&out);
        words_add_date(words, "date_long", (struct date){2026, 2, 17}, &out);
        assert_string_equal(buffer_string(&out), table[i].date);
        buffer_free(&out);
    }
    templates_free(&templates);
    data_remove_folder(&folder);
}

static void test_plurals(void **state)
{
    /* By hand from the CLDR's tables of cardinal rules. */
    static const struct {
        const char *language;
        const char *want; /* the categories of 0 1 2 3 5 10 11 12 21 22 100 101 102 111 */
    } table[] = {
        {"en", "other one other other other other other other other other other other other other"},
        {"xx", "other one other other other other other other other other other other other other"},
        {"fr-CA", "one one other other other other other other other other other other other other"},
        {"ja", "other other other other other other other other other other other other other other"},
        {"ru", "many one few few many many many many one few many one few many"},
        {"hr", "other one few few other other other other one few other one few other"},
        {"pl", "many one few few many many many many many few many many few many"},
        {"cs", "other one few few other other other other other other other other other other"},
        {"ro", "few one few few few few few few other other other few few few"},
        {"lt", "other one few few few other other other one few other one few other"},
        {"lv", "zero one other other other zero zero zero one other zero one other zero"},
        {"sl", "other one two few other other other other other other other one two other"},
        {"ar", "zero one two few few few many many many many other other other many"},
        {"he", "other one two other other other other other other other other other other other"},
    };
    static const long numbers[] = {0, 1, 2, 3, 5, 10, 11, 12, 21, 22, 100, 101, 102, 111};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct view rest = view_of(table[i].want), want;

        for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++) {
            const char *got = plural_category(table[i].language, numbers[j]);

            assert_true(view_next_part(&rest, ' ', &want));
            if (!view_equal_string(want, got))
                fail_msg("%s %ld: want %.*s, got %s", table[i].language, numbers[j],
                         VIEW_ARGUMENTS(want), got);
        }
    }
}

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
    "templates/digest.html",   "templates/masthead.mustache",    "templates/paper.mustache",
    "templates/footer.mustache", "templates/more_papers.mustache", NULL};

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
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_folder),
        cmocka_unit_test(test_partials_folder),  cmocka_unit_test(test_languages),
        cmocka_unit_test(test_plurals),          cmocka_unit_test(test_mail_programs),
        cmocka_unit_test(test_nothing_external), cmocka_unit_test(test_contrast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
