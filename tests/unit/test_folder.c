#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "subscribers/folder.h"
#include "unit/data.h"

static void put_file(const char *folder, const char *name, const char *text)
{
    char *path = file_join(folder, name);

    assert_int_equal(file_write_atomic(path, view_of(text), 0644, NULL), 0);
    free(path);
}

static struct profile profile_of(const char *email)
{
    struct profile profile;

    profile_init(&profile);
    profile.email = memory_copy_string(email);
    return profile;
}

static char *read_file(const char *folder, const char *name)
{
    char *path = file_join(folder, name);
    struct buffer bytes;

    buffer_init(&bytes, 1 << 20);
    assert_int_equal(file_read(path, &bytes, NULL), 0);
    free(path);
    return buffer_steal(&bytes);
}

static int set_up(void **state)
{
    *state = data_temporary_folder();
    return 0;
}

static int tear_down(void **state)
{
    char *folder = *state;

    data_remove_folder(&folder);
    return 0;
}

static void lists_profiles_and_nothing_else(void **state)
{
    static const char *const others[] = {
        "README.md", "profile.schema.json", ".ada@example.org.json.swp", ".x@example.org.json",
        ".json", "ada@example.org.json~", "ada@example.org.JSON", ".paperboy-abc123"};
    const char *folder = *state;
    struct folder_list list = {NULL, NULL, 0};
    char *path = file_join(folder, "folder@example.org.json");

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        put_file(folder, others[i], "{}");
    assert_int_equal(folder_list(folder, &list, NULL), 0);
    assert_int_equal(list.count, 0);
    folder_list_free(&list);
    assert_int_equal(mkdir(path, 0755), 0);
    free(path);
    path = file_join(folder, "pipe@example.org.json");
    assert_int_equal(mkfifo(path, 0600), 0);
    free(path);
    put_file(folder, "b@example.org.json", "{}");
    put_file(folder, "a@example.schema.json", "{}");
    put_file(folder, "a+b@example.org.json", "{}");
    put_file(folder, "bob.json", "{}");
    assert_int_equal(folder_list(folder, &list, NULL), 0);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.names[0], "a+b@example.org.json");
    assert_string_equal(list.names[1], "a@example.schema.json");
    assert_string_equal(list.names[2], "b@example.org.json");
    assert_string_equal(list.names[3], "bob.json");
    folder_list_free(&list);
    folder_list_free(&list);
}

/* Every way to change what a folder says changes its fingerprint. */
static void a_fingerprint_shows_changes(void **state)
{
    static const struct timespec then[2] = {{1000000000, 5}, {1000000000, 5}};
    static const struct timespec later[2] = {{1000000000, 5}, {1000000000, 6}};
    const char *folder = *state;
    char *path = file_join(folder, "a@x.org.json"), *other = file_join(folder, "b@x.org.json");
    unsigned char seen[8][16];
    size_t count = 0;
    bool is_sure = true;

    put_file(folder, "a@x.org.json", "{}");
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    assert_int_equal(folder_fingerprint(folder, time(NULL), seen[count++], &is_sure, NULL), 0);
    assert_false(is_sure); /* it was changed a moment ago */
    assert_int_equal(folder_fingerprint(folder, time(NULL) + 60, seen[count], &is_sure, NULL), 0);
    assert_true(is_sure);
    assert_memory_equal(seen[0], seen[1], 16);
    assert_int_equal(folder_fingerprint(folder, time(NULL) - 60, seen[count], &is_sure, NULL), 0);
    assert_false(is_sure); /* or will be: the clock was set back */
    put_file(folder, "a@x.org.json", "[]");
    assert_int_equal(utimensat(AT_FDCWD, path, then, 0), 0);
    assert_int_equal(folder_fingerprint(folder, 0, seen[count++], &is_sure, NULL), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, later, 0), 0);
    assert_int_equal(folder_fingerprint(folder, 0, seen[count++], &is_sure, NULL), 0);
    put_file(folder, "b@x.org.json", "[]");
    assert_int_equal(folder_fingerprint(folder, 0, seen[count++], &is_sure, NULL), 0);
    assert_int_equal(chmod(other, 0600), 0);
    assert_int_equal(folder_fingerprint(folder, 0, seen[count++], &is_sure, NULL), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(folder_fingerprint(folder, 0, seen[count++], &is_sure, NULL), 0);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(seen[i], seen[k], 16);
    free(path);
    free(other);
}

static void texts_are_kept_as_they_are(void **state)
{
    static const char text[] = "{\n\n\"email\":  \"ada@x.org\" }";
    const char *folder = *state;
    struct folder_version version;
    struct error error = {0};
    char *read;

    assert_int_equal(folder_create_text(folder, "Ada@x.org", view_of(text), NULL), 0);
    read = read_file(folder, "ada@x.org.json");
    assert_string_equal(read, text);
    free(read);
    assert_int_equal(folder_create_text(folder, "ada@x.org", view_of(text), &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    folder_version_of(VIEW("other"), &version);
    assert_int_equal(folder_save_text(folder, "ada@x.org", VIEW("{}"), &version, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    folder_version_of(view_of(text), &version);
    assert_int_equal(folder_save_text(folder, "ada@x.org", VIEW("{}"), &version, NULL), 0);
}

static void no_folder(void **state)
{
    char *path = file_join(*state, "gone");
    struct folder_list list;
    struct profile profile, ada = profile_of("ada@example.org");
    struct folder_version version = {{0}};
    struct error error = {0};

    assert_int_equal(folder_list(path, &list, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(folder_load(path, "ada@example.org", &profile, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_non_null(strstr(error.text, "there is no folder"));
    assert_int_equal(folder_create(path, &ada, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_int_equal(folder_save(path, &ada, &version, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_int_equal(folder_remove(path, "ada@example.org", NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_false(folder_has(path, "ada@example.org"));
    profile_free(&ada);
    free(path);
}

static void a_life(void **state)
{
    const char *folder = *state;
    struct profile ada = profile_of("ada@example.org"), read;
    struct folder_version first, second;
    struct error error = {0};
    struct stat status;
    char *path = file_join(folder, "ada@example.org.json"), *text;

    umask(0);
    assert_int_equal(folder_load(folder, "ada@example.org", &read, &first, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_non_null(strstr(error.text, "there is no profile of ada@example.org"));
    assert_int_equal(folder_create(folder, &ada, &error), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(folder_create(folder, &ada, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    assert_true(folder_has(folder, "Ada@Example.ORG"));
    assert_int_equal(folder_load(folder, "Ada@Example.ORG", &read, &first, &error), 0);
    assert_string_equal(read.email, "ada@example.org");
    read.max_papers = 12;
    assert_int_equal(folder_save(folder, &read, &first, &second, &error), 0);
    assert_memory_not_equal(&first, &second, sizeof(first));
    /* The old version is gone, so who still holds it has to read again. */
    assert_int_equal(folder_save(folder, &ada, &first, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    assert_int_equal(folder_remove(folder, "ada@example.org", &first, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    text = read_file(folder, "ada@example.org.json");
    assert_string_equal(text, "{\n  \"email\": \"ada@example.org\",\n  \"max_papers\": 12\n}\n");
    free(text);
    assert_int_equal(folder_save(folder, &read, &second, NULL, &error), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(folder_remove(folder, "ADA@example.org", NULL, &error), 0);
    assert_false(file_exists(path));
    assert_int_equal(folder_save(folder, &read, &second, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    assert_int_equal(folder_remove(folder, "ada@example.org", NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    profile_free(&ada);
    profile_free(&read);
    free(path);
}

static void an_edit_by_hand_is_not_lost(void **state)
{
    const char *folder = *state;
    struct profile ada;
    struct folder_version version;
    struct error error = {0};
    char *text;

    put_file(folder, "ada@example.org.json", "{\"email\": \"ada@example.org\"}");
    assert_int_equal(folder_load(folder, "ada@example.org", &ada, &version, &error), 0);
    put_file(folder, "ada@example.org.json", "{\"email\": \"Ada@example.org\"}");
    assert_int_equal(folder_save(folder, &ada, &version, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    text = read_file(folder, "ada@example.org.json");
    assert_string_equal(text, "{\"email\": \"Ada@example.org\"}");
    free(text);
    profile_free(&ada);
}

static void names_must_fit(void **state)
{
    static const struct {
        const char *name;
        const char *email;
        const char *want;
    } cases[] = {
        {"bob.json", "Bob@example.org", "bob.json: holds the profile of bob@example.org, whose "
                                        "file must be named bob@example.org.json"},
        {"Bob@example.org.json", "bob@example.org", "must be named bob@example.org.json"},
        {"eve@example.org.json", "bob@example.org", "must be named bob@example.org.json"},
        {"o'neil@example.org.json", "o'neil@example.org", "named o%27neil@example.org.json"},
        {"o%2aneil@example.org.json", "o*neil@example.org", "named o%2Aneil@example.org.json"},
    };
    const char *folder = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile profile;
        struct error error = {0};
        char text[128];

        snprintf(text, sizeof(text), "{\"email\": \"%s\"}", cases[i].email);
        put_file(folder, cases[i].name, text);
        assert_int_equal(folder_load_file(folder, cases[i].name, &profile, NULL, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_non_null(strstr(error.text, cases[i].name));
        if (!strstr(error.text, cases[i].want))
            fail_msg("%s", error.text);
    }
}

static void an_address_never_becomes_a_path(void **state)
{
    static const char *const cases[] = {"../../x", "../x@example.org", "/etc/passwd", "",
                                        "a@b.org\n", "x/../../y@example.org"};
    char *inside = file_join(*state, "inside");
    struct profile odd = profile_of("a/b%c@example.org"), read;
    struct error error = {0};
    char *path = file_join(inside, "a%2Fb%25c@example.org.json");

    assert_int_equal(mkdir(inside, 0700), 0);
    put_file(*state, "x@example.org.json", "{\"email\": \"x@example.org\"}");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile bad = profile_of(cases[i]);

        assert_int_equal(folder_load(inside, cases[i], &read, NULL, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_int_equal(folder_create(inside, &bad, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_int_equal(folder_remove(inside, cases[i], NULL, &error), -1);
        assert_false(folder_has(inside, cases[i]));
        profile_free(&bad);
    }
    assert_int_equal(folder_load_file(inside, "../x@example.org.json", &read, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_int_equal(folder_create(inside, &odd, &error), 0);
    assert_true(file_exists(path));
    assert_int_equal(folder_load(inside, "A/b%c@example.org", &read, NULL, &error), 0);
    profile_free(&read);
    profile_free(&odd);
    free(path);
    free(inside);
}

static void names_have_a_limit(void **state)
{
    char email[255];
    struct profile profile, long_one;
    struct error error = {0};

    /* 250 characters and ".json" are 255 bytes, the most of a file's name. */
    for (size_t size = 250; size <= 251; size++) {
        memset(email, 'a', sizeof(email));
        email[1] = '@';
        for (size_t i = 50; i < size - 10; i += 50)
            email[i] = '.';
        email[size] = '\0';
        long_one = profile_of(email);
        assert_int_equal(folder_create(*state, &long_one, &error), size == 250 ? 0 : -1);
        if (size > 250) {
            assert_int_equal(error.kind, ERROR_INPUT);
            assert_non_null(strstr(error.text, "too long"));
        } else {
            assert_int_equal(folder_load(*state, email, &profile, NULL, &error), 0);
            profile_free(&profile);
        }
        profile_free(&long_one);
    }
}

static void links_and_pipes_are_refused(void **state)
{
    char *inside = file_join(*state, "inside"), *link = file_join(inside, "a@example.org.json");
    char *pipe_path = file_join(inside, "p@example.org.json");
    char *linked_folder = file_join(*state, "linked");
    struct profile profile;
    struct folder_version version = {{0}};
    struct error error = {0};
    struct folder_list list;
    char *text;

    assert_int_equal(mkdir(inside, 0700), 0);
    put_file(*state, "outside.json", "{\"email\": \"a@example.org\"}");
    assert_int_equal(symlink("../outside.json", link), 0);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(symlink("inside", linked_folder), 0);
    assert_int_equal(folder_load(inside, "a@example.org", &profile, &version, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_non_null(strstr(error.text, "a@example.org.json: is a symbolic link"));
    profile = profile_of("a@example.org");
    assert_int_equal(folder_save(inside, &profile, &version, NULL, &error), -1);
    assert_int_equal(folder_create(inside, &profile, &error), -1);
    text = read_file(*state, "outside.json");
    assert_string_equal(text, "{\"email\": \"a@example.org\"}");
    free(text);
    profile_free(&profile);
    assert_int_equal(folder_load(inside, "p@example.org", &profile, NULL, &error), -1);
    assert_non_null(strstr(error.text, "is not a regular file"));
    /* The link is listed, to be reported; the folder may be one itself. */
    assert_int_equal(folder_list(linked_folder, &list, &error), 0);
    assert_int_equal(list.count, 1);
    folder_list_free(&list);
    free(linked_folder);
    free(pipe_path);
    free(link);
    free(inside);
}

struct walk {
    struct buffer seen;
    int stop_after;
};

static int visit(void *user, const char *name, const struct profile *profile,
                 const struct error *problem)
{
    struct walk *walk = user;

    assert_true(!profile != !problem);
    if (profile)
        buffer_printf(&walk->seen, "%s\n", profile->email);
    else
        buffer_printf(&walk->seen, "! %s: %s\n", name, strstr(problem->text, ".json") + 5);
    return --walk->stop_after == 0 ? 7 : 0;
}

static void one_bad_profile_does_not_stop_the_others(void **state)
{
    const char *folder = *state;
    struct walk walk = {.stop_after = -1};
    struct error error = {0};

    put_file(folder, "a@example.org.json", "{\"email\": \"a@example.org\"}");
    put_file(folder, "b@example.org.json", "{\n\"email\": \"b@example.org\", \"max_papers\": 0}");
    put_file(folder, "c@example.org.json", "{\"email\": \"x@example.org\"}");
    put_file(folder, "d@example.org.json", "{\"email\": \"d@example.org\",\n"
                                           "\"schedule\": {\"zone\": \"Mars/Olympus\"}}");
    put_file(folder, "e@example.org.json", "{\"email\": \"e@example.org\"}");
    buffer_init(&walk.seen, 4096);
    assert_int_equal(folder_each(folder, visit, &walk, &error), 0);
    assert_string_equal(
        buffer_string(&walk.seen),
        "a@example.org\n"
        "! b@example.org.json: :2: max_papers: is 0; a whole number from 1 to 500 is allowed\n"
        "! c@example.org.json: : holds the profile of x@example.org, whose file must be named "
        "x@example.org.json\n"
        "! d@example.org.json: :2: schedule.zone: unknown time zone \"Mars/Olympus\"; an IANA name "
        "such as \"Europe/Paris\" is wanted\n"
        "e@example.org\n");
    buffer_clear(&walk.seen);
    walk.stop_after = 2;
    assert_int_equal(folder_each(folder, visit, &walk, &error), 7);
    assert_string_equal(buffer_string(&walk.seen), "a@example.org\n! b@example.org.json: :2: "
                                                   "max_papers: is 0; a whole number from 1 to 500 "
                                                   "is allowed\n");
    buffer_free(&walk.seen);
}

/* Each process adds one to the number until it has won as often as it should. */
static void count_up(const char *folder, int times)
{
    while (times > 0) {
        struct profile profile;
        struct folder_version version;
        struct error error = {0};

        if (folder_load(folder, "a@example.org", &profile, &version, &error) < 0)
            _exit(2);
        profile.max_papers++;
        if (folder_save(folder, &profile, &version, NULL, &error) == 0)
            times--;
        else if (error.kind != ERROR_CONFLICT)
            _exit(3);
        profile_free(&profile);
    }
    _exit(0);
}

static void two_writers_lose_nothing(void **state)
{
    enum { WRITERS = 3, TIMES = 25 };
    struct profile profile = profile_of("a@example.org");
    struct error error = {0};

    profile.max_papers = 1;
    assert_int_equal(folder_create(*state, &profile, &error), 0);
    profile_free(&profile);
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0)
            count_up(*state, TIMES);
    for (int i = 0; i < WRITERS; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(folder_load(*state, "a@example.org", &profile, NULL, &error), 0);
    assert_int_equal(profile.max_papers, 1 + WRITERS * TIMES);
    profile_free(&profile);
}

static void files_that_cannot_be_read(void **state)
{
    const char *folder = *state;
    struct profile profile;
    struct error error = {0};
    struct buffer text;

    buffer_init(&text, 4 * PROFILE_FILE_BYTES);
    buffer_add_string(&text, "{\"email\": \"a@example.org\"}");
    while (text.size <= PROFILE_FILE_BYTES)
        buffer_add_string(&text, "                                                                ");
    put_file(folder, "a@example.org.json", buffer_string(&text));
    buffer_free(&text);
    assert_int_equal(folder_load(folder, "a@example.org", &profile, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_non_null(strstr(error.text, "larger than 2097152 bytes"));
    if (geteuid() == 0)
        return; /* everything can be read */
    put_file(folder, "b@example.org.json", "{\"email\": \"b@example.org\"}");
    assert_int_equal(chmod(folder, 0), 0);
    assert_int_equal(folder_load(folder, "b@example.org", &profile, NULL, &error), -1);
    assert_int_equal(error.kind, ERROR_PERMISSION);
    assert_int_equal(chmod(folder, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists_profiles_and_nothing_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fingerprint_shows_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_kept_as_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_life, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_edit_by_hand_is_not_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_must_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_never_becomes_a_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_have_a_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_and_pipes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_bad_profile_does_not_stop_the_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(two_writers_lose_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_read, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
