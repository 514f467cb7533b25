#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/mime.h"
#include "unit/data.h"
#include "unit/mail.h"

enum { MAX_BYTES = 1 << 20 };

#define TEN "abcdefghij"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static void test_table(void **state)
{
    static const struct {
        const char *name, *input;
        size_t column;
        const char *want;
        size_t want_column;
    } tests[] = {
        {"plain", "abc", 0, "abc", 3},
        {"goes on in the line", "abc", 5, "abc", 8},
        {"line feed", "a\nb", 0, "a\r\nb", 1},
        {"CRLF", "a\r\nb\r\n", 0, "a\r\nb\r\n", 0},
        {"bare CR", "a\rb\r", 0, "a=0Db=0D", 8},
        {"equals sign", "a=b", 0, "a=3Db", 5},
        {"control", "a\x01\x7f" "b", 0, "a=01=7Fb", 8},
        {"UTF-8", "\xC3\xA9", 0, "=C3=A9", 6},
        {"blank before a line end", "a \nb\t\r\nc  \n", 0, "a=20\r\nb=09\r\nc =20\r\n", 0},
        {"blank at the end of the piece", "a ", 0, "a=20", 4},
        {"only blanks", " \n \n", 0, "=20\r\n=20\r\n", 0},
        {"blank within", "a b\tc", 0, "a b\tc", 5},
        {"dot", ".\n..\na.\n", 0, "=2E\r\n=2E.\r\na.\r\n", 0},
        {"dot within the line", ".", 3, ".", 4},
        {"From", "From x\nFrom\nfrom\nFrome\n", 0, "=46rom x\r\nFrom\r\nfrom\r\nFrome\r\n", 0},
        {"From cut off", "Fro", 0, "=46ro", 5},
        {"75 columns", SEVENTY "abcde\n", 0, SEVENTY "abcde\r\n", 0},
        {"76 columns", SEVENTY "abcdef\n", 0, SEVENTY "abcde=\r\nf\r\n", 0},
        {"a dot behind a soft break", SEVENTY "abcde.\n", 0, SEVENTY "abcde=\r\n=2E\r\n", 0},
        {"blank before a soft break", SEVENTY "abcd ef", 0, SEVENTY "abcd =\r\nef", 2},
        {"blank in column 75 before a line end", SEVENTY "abcd \n", 0,
         SEVENTY "abcd=\r\n=20\r\n", 0},
        {"escape that just fits", SEVENTY "ab=", 0, SEVENTY "ab=3D", 75},
        {"escape that does not", SEVENTY "abc=", 0, SEVENTY "abc=\r\n=3D", 3},
        {"full line before", "a", 75, "=\r\na", 1},
        {"full line before a line end", "\n", 75, "\r\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct view input = data_exact(tests[i].input);
        size_t column = tests[i].column;
        struct buffer out;

        buffer_init(&out, MAX_BYTES);
        mime_add_quoted_printable(&out, input, &column);
        if (strcmp(buffer_string(&out), tests[i].want) != 0 || column != tests[i].want_column)
            fail_msg("%s: got \"%s\" column %zu", tests[i].name, buffer_string(&out), column);
        buffer_free(&out);
        data_free(input);
    }
}

static int hex_value(char c)
{
    return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* The simplest reader of what is valid. */
static void decode(struct view text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '=') {
            buffer_add_char(out, text.data[i]);
        } else {
            assert_true(i + 2 < text.size);
            if (text.data[i + 1] != '\r')
                buffer_add_char(out,
                                (char)(hex_value(text.data[i + 1]) << 4 | hex_value(text.data[i + 2])));
            i += 2;
        }
    }
}

static void assert_lines(struct view encoded)
{
    struct view line;

    while (view_next_line(&encoded, &line)) {
        assert_true(line.size <= 76);
        assert_false(view_starts_with(line, VIEW(".")));
        assert_false(view_starts_with(line, VIEW("From ")));
        assert_false(view_ends_with(line, VIEW(" ")) || view_ends_with(line, VIEW("\t")));
    }
}

/* CRLF where the text has a line end, as the encoder writes it. */
static void canonical(struct view text, struct buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\n' && (i == 0 || text.data[i - 1] != '\r'))
            buffer_add_char(out, '\r');
        buffer_add_char(out, text.data[i]);
    }
}

/* Pieces cut anywhere but within CRLF, some encoded into the running line,
 * some apart and joined behind a soft break, give the text again. */
static void join_pieces(struct mail_random *random, struct view text, struct buffer *out)
{
    struct buffer apart;
    size_t column = 0, piece_column;

    buffer_init(&apart, MAX_BYTES);
    for (size_t at = 0, end; at < text.size; at = end) {
        end = at + 1 + mail_random_below(random, mail_random_below(random, 10) ? 12 : 200);
        if (end < text.size && text.data[end] == '\n')
            end++;
        if (mail_random_below(random, 2)) {
            mime_add_quoted_printable(out, view_slice(text, at, end), &column);
            continue;
        }
        piece_column = 0;
        buffer_clear(&apart);
        mime_add_quoted_printable(&apart, view_slice(text, at, end), &piece_column);
        mime_add_soft_break(out, &column);
        buffer_add_view(out, buffer_view(&apart));
        column = piece_column;
    }
    buffer_free(&apart);
}

static void test_joined_pieces(void **state)
{
    struct mail_random random = {0x9E3779B97F4A7C15u};

    (void)state;
    for (size_t round = 0; round < 3000; round++) {
        struct buffer text, encoded, decoded, want;

        buffer_init(&text, MAX_BYTES);
        buffer_init(&encoded, MAX_BYTES);
        buffer_init(&decoded, MAX_BYTES);
        buffer_init(&want, MAX_BYTES);
        mail_random_text(&random, mail_random_below(&random, 300), &text);
        join_pieces(&random, buffer_view(&text), &encoded);
        assert_lines(buffer_view(&encoded));
        decode(buffer_view(&encoded), &decoded);
        canonical(buffer_view(&text), &want);
        assert_true(view_equal(buffer_view(&want), buffer_view(&decoded)));
        buffer_free(&text);
        buffer_free(&encoded);
        buffer_free(&decoded);
        buffer_free(&want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_joined_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
