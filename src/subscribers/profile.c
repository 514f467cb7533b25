#include "subscribers/profile.h"

#include <stdlib.h>

#include "base/document.h"
#include "base/memory.h"
#include "base/zone.h"
#include "subscribers/profile_names.h"

const char *const profile_every_names[] = {"monday", "tuesday",  "wednesday", "thursday", "friday",
                                           "saturday", "sunday", "day",       "weekdays", NULL};
const char *const profile_scoring_names[] = {"relevance", "substring", NULL};
const char *const profile_format_names[] = {"both", "html", "text", NULL};
const char *const profile_announce_names[] = {"new", "cross", "replace", "replace-cross", NULL};
const char *const profile_field_names[] = {"anywhere", "title", "abstract", NULL};

void profile_init(struct profile *profile)
{
    *profile = (struct profile){
        .announce_types = PROFILE_ANNOUNCE_DEFAULT,
        .max_papers = PROFILE_MAX_PAPERS_DEFAULT,
        .schedule = {.every = EVERY_DAY, .at_minutes = -1},
        .language = memory_copy_string("en"),
        .summaries = true,
    };
}

static void free_strings(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
}

static void free_keywords(struct keywords *keywords)
{
    for (size_t i = 0; i < keywords->count; i++)
        free(keywords->items[i].term);
    free(keywords->items);
}

void profile_free(struct profile *profile)
{
    free(profile->email);
    free(profile->name);
    free_strings(&profile->categories);
    free_keywords(&profile->keywords);
    free_keywords(&profile->required_keywords);
    free_keywords(&profile->bonus_keywords);
    free_strings(&profile->exclude_keywords);
    free(profile->interests);
    free_strings(&profile->follow_authors);
    free_strings(&profile->prefer_authors);
    free_strings(&profile->exclude_authors);
    free_strings(&profile->liked);
    free_strings(&profile->disliked);
    free(profile->schedule.zone);
    free(profile->language);
    *profile = (struct profile){.email = NULL};
}

bool profile_is_plain(const struct profile *profile)
{
    return !profile->keywords.count && !profile->required_keywords.count &&
           !profile->bonus_keywords.count && !profile->interests && !profile->liked.count &&
           !profile->follow_authors.count;
}

/* The document is read once more only to find the line. */
static int wrong_zone(const char *name, struct view text, const struct error *why,
                      struct error *error)
{
    struct document document;

    if (!text.size || document_parse(name, text, &document, NULL) < 0)
        return error_set(error, why->kind, "%s: schedule.zone: %s", name, why->text);
    place_error(place_at_key(place_at_key(document_root(&document), "schedule"), "zone"), error,
                "%s", why->text);
    if (error)
        error->kind = why->kind;
    document_free(&document);
    return -1;
}

int profile_check_zone(const struct profile *profile, const char *name, struct view text,
                       struct error *error)
{
    struct error why = {0};

    if (!profile->schedule.zone || zone_check(profile->schedule.zone, &why) == 0)
        return 0;
    return wrong_zone(name, text, &why, error);
}
