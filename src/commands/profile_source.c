#include "commands/profile_source.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "store/changes.h"
#include "subscribers/address.h"

int profile_source_open(struct site *site, struct profile_source *ret_source,
                        struct error *error)
{
    const char *subscribers = site->configuration.subscribers;

    if (strcmp(subscribers, PROFILES_IN_STORE) != 0) {
        *ret_source = (struct profile_source){.folder = subscribers};
        return 0;
    }
    if (site_open_store(site, error) < 0)
        return -1;
    *ret_source = (struct profile_source){.store = site->store};
    return 0;
}

const char *profile_source_name(const struct profile_source *source)
{
    return source->folder ? source->folder : "the store";
}

char *profile_source_path(const struct profile_source *source, const char *name)
{
    struct buffer path;

    if (source->folder)
        return file_join(source->folder, name);
    buffer_init(&path, 4096);
    buffer_printf(&path, PROFILES_IN_STORE "%s", name);
    return buffer_steal(&path);
}

/* ---- the store's ---- */

static int canonical(const char *address, char **ret_address, struct error *error)
{
    if (address_check(view_of(address), error) < 0)
        return -1;
    *ret_address = address_canonical(view_of(address));
    return 0;
}

int profile_parse_stored(const char *address, struct view text, struct profile *ret_profile,
                         struct folder_version *ret_version, struct error *error)
{
    struct profile_source store = {0};
    char *path = profile_source_path(&store, address);
    struct profile profile;
    int result = profile_read(path, text, &profile, error);

    if (result < 0)
        goto out;
    if (strcmp(profile.email, address) != 0)
        result = error_set(error, ERROR_INPUT, "%s: holds the profile of %s", path, profile.email);
    else
        result = profile_check_zone(&profile, path, text, error);
    if (result < 0) {
        profile_free(&profile);
    } else {
        if (ret_version)
            folder_version_of(text, ret_version);
        *ret_profile = profile;
    }
out:
    free(path);
    return result;
}

static int find_stored(const struct profile_source *source, const char *address,
                       struct buffer *ret_text, struct error *error)
{
    bool found;

    if (stored_profile_find(source->store, address, ret_text, &found, error) < 0)
        return -1;
    if (!found)
        return error_set(error, ERROR_MISSING, "there is no profile of %s in the store", address);
    return 0;
}

/* `read` NULL: there is none yet. */
static int put_stored(const struct profile_source *source, const char *word, struct view text,
                      const struct folder_version *read, struct error *error)
{
    struct stored_profile profile = {.document = text, .changed_utc = site_now()};
    struct folder_version version;
    char *address;
    int result;

    if (text.size > PROFILE_FILE_BYTES)
        return error_set(error, ERROR_INPUT, "the profile of %s: larger than %d bytes, the most of a "
                                             "profile",
                         word, PROFILE_FILE_BYTES);
    if (canonical(word, &address, error) < 0)
        return -1;
    folder_version_of(text, &version);
    profile.address = address;
    profile.version = (struct view){(const char *)version.hash, sizeof(version.hash)};
    if (read)
        result = stored_profile_replace(
            source->store, &profile, (struct view){(const char *)read->hash, sizeof(read->hash)},
            error);
    else
        result = stored_profile_create(source->store, &profile, error);
    free(address);
    return result;
}

/* ---- one profile ---- */

int profile_source_load_text(const struct profile_source *source, const char *word,
                             struct buffer *ret_text, struct error *error)
{
    char *address, *name;
    int result;

    if (canonical(word, &address, error) < 0)
        return -1;
    if (!source->folder) {
        result = find_stored(source, address, ret_text, error);
    } else if ((result = folder_name_of(address, &name, error)) == 0) {
        result = folder_read(source->folder, name, ret_text, error);
        free(name);
    }
    free(address);
    return result;
}

int profile_source_load(const struct profile_source *source, const char *word,
                        struct profile *ret_profile, struct folder_version *ret_version,
                        struct error *error)
{
    struct buffer text;
    char *address;
    int result;

    if (source->folder)
        return folder_load(source->folder, word, ret_profile, ret_version, error);
    if (canonical(word, &address, error) < 0)
        return -1;
    buffer_init(&text, PROFILE_FILE_BYTES);
    result = find_stored(source, address, &text, error);
    if (result == 0)
        result = profile_parse_stored(address, buffer_view(&text), ret_profile, ret_version, error);
    buffer_free(&text);
    free(address);
    return result;
}

int profile_source_has(const struct profile_source *source, const char *word, bool *ret_has,
                       struct error *error)
{
    char *address;
    int result;

    if (canonical(word, &address, error) < 0)
        return -1;
    if (source->folder) {
        *ret_has = folder_has(source->folder, address);
        result = 0;
    } else {
        result = stored_profile_find(source->store, address, NULL, ret_has, error);
    }
    free(address);
    return result;
}

int profile_source_count(const struct profile_source *source, size_t *ret_count,
                         struct error *error)
{
    struct folder_list list;
    int64_t count;

    if (source->folder) {
        if (folder_list(source->folder, &list, error) < 0)
            return -1;
        *ret_count = list.count;
        folder_list_free(&list);
        return 0;
    }
    if (stored_profile_count(source->store, &count, error) < 0)
        return -1;
    *ret_count = (size_t)count;
    return 0;
}

int profile_source_create_text(const struct profile_source *source, const char *address,
                               struct view text, struct error *error)
{
    if (!source->folder)
        return put_stored(source, address, text, NULL, error);
    if (file_make_folder(source->folder, 0700, error) < 0)
        return -1;
    return folder_create_text(source->folder, address, text, error);
}

int profile_source_save_text(const struct profile_source *source, const char *address,
                             struct view text, const struct folder_version *version,
                             struct error *error)
{
    if (!source->folder)
        return put_stored(source, address, text, version, error);
    return folder_save_text(source->folder, address, text, version, error);
}

/* `version` NULL: there is none yet. */
static int put_profile(const struct profile_source *source, const struct profile *profile,
                       const struct folder_version *version, struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, 2 * PROFILE_FILE_BYTES);
    profile_write(profile, &text);
    result = version ? profile_source_save_text(source, profile->email, buffer_view(&text), version,
                                                error)
                     : profile_source_create_text(source, profile->email, buffer_view(&text), error);
    buffer_free(&text);
    return result;
}

int profile_source_create(const struct profile_source *source, const struct profile *profile,
                          struct error *error)
{
    return put_profile(source, profile, NULL, error);
}

int profile_source_save(const struct profile_source *source, const struct profile *profile,
                        const struct folder_version *version, struct error *error)
{
    return put_profile(source, profile, version, error);
}

int profile_source_remove(const struct profile_source *source, const char *word,
                          struct error *error)
{
    char *address;
    int result;

    if (canonical(word, &address, error) < 0)
        return -1;
    result = source->folder
                 ? folder_remove(source->folder, address, NULL, error)
                 : stored_profile_remove(source->store, address, (struct view){0}, error);
    free(address);
    return result;
}

int profile_source_fingerprint(const struct profile_source *source, int64_t now_utc,
                               struct profile_fingerprint *ret_fingerprint, struct error *error)
{
    int64_t number;

    *ret_fingerprint = (struct profile_fingerprint){.is_sure = true};
    if (source->folder)
        return folder_fingerprint(source->folder, now_utc, ret_fingerprint->hash,
                                  &ret_fingerprint->is_sure, error);
    if (store_change_find(source->store, CHANGE_PROFILES, &number, error) < 0)
        return -1;
    crypto_generichash(ret_fingerprint->hash, sizeof(ret_fingerprint->hash),
                       (const unsigned char *)&number, sizeof(number), NULL, 0);
    return 0;
}
