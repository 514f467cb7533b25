/* Whatever the values are, a header is one that can be read: CRLF ends every
 * line, no line begins a field that was not asked for, no line is empty or
 * longer than 998 bytes, and all is ASCII. The first byte splits the rest into
 * a name and a value. */
#include <stdint.h>
#include <stdlib.h>

#include "digest/message.h"
#include "mail/mime.h"

enum { MAX_BYTES = 1 << 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* `fields` is how many lines may begin at the margin. */
static void check_header(struct view header, size_t fields)
{
    struct view line;
    size_t begun = 0;

    must(view_ends_with(header, VIEW("\r\n")));
    for (size_t i = 0; i < header.size; i++) {
        must((unsigned char)header.data[i] < 0x80 && header.data[i] != 0);
        if (header.data[i] == '\n')
            must(i > 0 && header.data[i - 1] == '\r');
        if (header.data[i] == '\r')
            must(i + 1 < header.size && header.data[i + 1] == '\n');
    }
    while (view_next_line(&header, &line)) {
        must(line.size > 0 && line.size <= 998);
        must(view_trim(line).size > 0);
        begun += line.data[0] != ' ';
    }
    must(begun == fields);
}

/* A mailto of any subject is a URI that a header takes. */
static void check_mailto(struct view address, struct view subject)
{
    struct buffer uri, out;
    struct view view;

    buffer_init(&uri, MAX_BYTES);
    buffer_init(&out, MAX_BYTES);
    digest_add_mailto(&uri, address, view_slice(subject, 0, 100));
    view = buffer_view(&uri);
    if (mime_address_is_valid(address))
        must(mime_add_uris(&out, "X", &view, 1, NULL) == 0);
    buffer_free(&uri);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view all = {(const char *)data, size}, name, value, values[2];
    struct mime_parameter parameters[2];
    struct mime_mailbox boxes[2];
    size_t fields = 0;
    struct buffer out;

    if (size == 0)
        return 0;
    name = view_slice(all, 1, 1 + (size - 1) * data[0] / 255);
    value = view_slice(all, 1 + name.size, size);
    values[0] = name, values[1] = value;
    boxes[0] = (struct mime_mailbox){name, value};
    boxes[1] = (struct mime_mailbox){value, VIEW("ada@example.org")};
    parameters[0] = (struct mime_parameter){"filename", name};
    parameters[1] = (struct mime_parameter){"name", value};
    buffer_init(&out, MAX_BYTES);
    mime_add_text(&out, "Subject", value), fields++;
    mime_add_parameters(&out, "Content-Disposition", "attachment", parameters, 2), fields++;
    fields += mime_add_mailboxes(&out, "From", boxes, 1, NULL) == 0;
    fields += mime_add_mailboxes(&out, "To", boxes + 1, 1, NULL) == 0;
    fields += mime_add_mailboxes(&out, "Cc", boxes, 2, NULL) == 0;
    fields += mime_add_list_id(&out, "List-Id", name, value, NULL) == 0;
    fields += mime_add_list_id(&out, "List-Id", value, VIEW("x.y"), NULL) == 0;
    fields += mime_add_uris(&out, "List-Archive", values, 2, NULL) == 0;
    fields += mime_add_ids(&out, "References", values, 2, NULL) == 0;
    must(!out.failed);
    check_header(buffer_view(&out), fields);
    check_mailto(value, name);
    buffer_free(&out);
    return 0;
}
