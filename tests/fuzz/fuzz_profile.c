/* Profiles as anybody may write them: whatever is taken is written and read
 * again as the same text. The same bytes are tried as a bot's configuration. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "subscribers/bot_import.h"
#include "subscribers/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct profile *profile)
{
    struct buffer first, second;
    struct profile again;
    struct error error;

    buffer_init(&first, 8 * PROFILE_FILE_BYTES);
    buffer_init(&second, 8 * PROFILE_FILE_BYTES);
    profile_write(profile, &first);
    if (first.failed || profile_read("written", buffer_view(&first), &again, &error) < 0)
        abort();
    profile_write(&again, &second);
    if (!view_equal(buffer_view(&first), buffer_view(&second)))
        abort();
    if (profile_is_plain(profile) != profile_is_plain(&again))
        abort();
    profile_free(&again);
    buffer_free(&first);
    buffer_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct view text = {(const char *)data, size};
    const struct bot_file file = {"config.json", text};
    struct bot_notices notices = {NULL, 0, 0};
    struct profile profile;
    struct error error;

    if (profile_read("f", text, &profile, &error) == 0) {
        check_round_trip(&profile);
        profile_free(&profile);
    } else if (!error.text[0] || strchr(error.text, '\n')) {
        abort();
    }
    if (bot_import(&file, &file, "a@example.org", &profile, &notices, &error) == 0) {
        check_round_trip(&profile);
        profile_free(&profile);
    }
    bot_notices_free(&notices);
    return 0;
}
