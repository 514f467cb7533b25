#include "inbox/reading.h"

#include "inbox/cell.h"

struct reading {
    struct view bytes;
    const struct finding_options *options;
};

static int read_inside(void *user, struct buffer *ret_result)
{
    const struct reading *reading = user;
    struct arena *arena = arena_new();
    struct finding finding;

    finding_make(reading->bytes, reading->options, arena, &finding);
    finding_write(&finding, ret_result);
    arena_free(&arena);
    return 0;
}

int reading_run(struct view bytes, const struct finding_options *options, struct arena *arena,
                struct finding *ret_finding, struct error *error)
{
    struct reading reading = {view_slice(bytes, 0, MAIL_BYTES + 1), options};
    struct buffer result;
    int status;

    buffer_init(&result, FINDING_BYTES);
    status = cell_run(&CELL_LIMITS, read_inside, &reading, &result, error);
    if (status == 0)
        status = finding_read(buffer_view(&result), arena, ret_finding, error);
    buffer_free(&result);
    return status;
}
