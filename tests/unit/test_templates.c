/* Folders of templates and word catalogues: what loads, what is refused and in
 * which words. */
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
        assert_int_equal(templates_load(folder, "templates", &templates, &error), -1);
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
    if (templates_load(folder, "templates", &templates, &error) < 0)
        fail_msg("%s", error.text);
    buffer_init(&out, 1000);
    assert_int_equal(templates_render(templates, "digest.html", context, &out, &error), 0);
    assert_string_equal(buffer_string(&out), "<p>&lt;&gt;part</p>");
    assert_int_equal(templates_render(templates, "part", context, &out, &error), -1);
    assert_string_equal(error.text, "there is no template part");
    assert_null(templates_find(templates, "part"));
    assert_non_null(templates_partials(templates)->find(templates_partials(templates)->user,
                                                        VIEW("part")));
    assert_int_equal(templates_load("/nonexistent", NULL, &templates, &error), -1);
    json_decref(context);
    buffer_free(&out);
    templates_free(&templates);
    templates_free(&templates);
    data_remove_folder(&folder);
}

/* A copy of the folder that was made before there were answers. */
static void test_older_copy(void **state)
{
    struct templates *templates = NULL;
    struct error error = {0};
    char *folder = make_folder();
    struct view english = data_read("templates/words/en.json");
    size_t end = view_find(english, VIEW("\"change_keyword_added\""), 0);
    struct buffer older, out;

    (void)state;
    assert_true(end < english.size);
    buffer_init(&older, 1 << 20);
    buffer_init(&out, 1000);
    while (english.data[end - 1] != ',')
        end--;
    buffer_add_view(&older, view_slice(english, 0, end - 1));
    buffer_add_string(&older, "}");
    write_file(folder, "words/en.json", buffer_string(&older));
    write_file(folder, "answer_done.mustache", "mine");
    assert_int_equal(templates_load(folder, NULL, &templates, &error), -1);
    assert_string_equal(behind(error.text, folder),
                        ": there is no answer.html in this folder of templates");
    if (templates_load(folder, "templates", &templates, &error) < 0)
        fail_msg("%s", error.text);
    assert_non_null(templates_find(templates, "confirmation.txt"));
    words_add(templates_words(templates, NULL), "answer_changed", -1, NULL, &out);
    assert_string_equal(buffer_string(&out), "Your profile has changed.");
    /* Its own partials and digest are shown. */
    buffer_clear(&out);
    assert_int_equal(templates_render(templates, "digest.html", NULL, &out, &error), 0);
    assert_string_equal(buffer_string(&out), "<p>part</p>");
    buffer_clear(&out);
    assert_int_equal(mustache_render(templates_partials(templates)->find(
                                         templates_partials(templates)->user, VIEW("answer_done")),
                                     NULL, NULL, &out, &error), 0);
    assert_string_equal(buffer_string(&out), "mine");
    templates_free(&templates);
    data_free(english);
    buffer_free(&older);
    buffer_free(&out);
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
        {"[{{>words/inner}}{{>words/../part}}{{>.dot}}]", "[]", NULL},
        {"[{{>broken}}]", "[]", "/broken.mustache:1: {{#a}} is never closed"},
    };
    char *folder = make_folder();

    (void)state;
    write_file(folder, "broken.mustache", "{{#a}}");
    write_file(folder, "words/inner.mustache", "inner");
    write_file(folder, ".dot.mustache", "dot");
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
    if (templates_load(folder, "templates", &templates, &error) < 0)
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

static void see_gap(void *user, const char *language, size_t missing, const char *some)
{
    (void)user;
    fail_msg("%s lacks %zu words: %s", language, missing, some);
}

/* The translations that come with the program leave nobody with half a language. */
static void test_shipped_languages(void **state)
{
    static const struct {
        const char *language, *key;
        long count;
        const char *want;
    } table[] = {
        {"zh", "count_papers_for", 1, "为 Ada 选出 1 篇论文"},
        {"zh-CN", "subject", 30, "List：2月17日（周二），30 篇论文"},
        {"zh-Hant-TW", "summary_note", -1, "由机器（qwen-long）撰写，并非出自作者，也无人核对：可能有误。"},
        {"zh", "unsubscribe", -1, "退订"},
    };
    struct templates *templates = NULL;
    struct error error = {0};

    (void)state;
    if (templates_load("templates", NULL, &templates, &error) < 0)
        fail_msg("%s", error.text);
    templates_each_gap(templates, see_gap, NULL);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const struct words *words = templates_words(templates, table[i].language);
        struct buffer date, out;

        buffer_init(&date, 100);
        buffer_init(&out, 1000);
        words_add_date(words, "date_short", (struct date){2026, 2, 17}, &date);
        words_add(words, table[i].key, table[i].count,
                  (struct word_value[]){{"name", VIEW("Ada")}, {"list", VIEW("List")},
                                        {"model", VIEW("qwen-long")}, {"date", buffer_view(&date)},
                                        {NULL, {NULL, 0}}},
                  &out);
        assert_string_equal(buffer_string(&out), table[i].want);
        buffer_free(&date);
        buffer_free(&out);
    }
    templates_free(&templates);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),          cmocka_unit_test(test_folder),
        cmocka_unit_test(test_older_copy),
        cmocka_unit_test(test_partials_folder),  cmocka_unit_test(test_languages),
        cmocka_unit_test(test_shipped_languages), cmocka_unit_test(test_plurals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
