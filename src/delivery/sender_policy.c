#include "delivery/sender_policy.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"

enum { SHOWN_BYTES = 60, ADDRESS_TEXT_BYTES = 64 };

static bool is_blank(char character)
{
    return character == ' ' || character == '\t';
}

static int refuse(struct error *error, struct view what, const char *why)
{
    return error_set(error, ERROR_INPUT, "\"%.*s\" %s",
                     VIEW_ARGUMENTS(utf8_prefix(what, SHOWN_BYTES)), why);
}

/* Both kinds of record are plain ASCII of some hundred bytes. */
static int check_text(struct view text, struct error *error)
{
    if (text.size > SENDER_POLICY_BYTES)
        return error_set(error, ERROR_INPUT, "is longer than %d bytes", SENDER_POLICY_BYTES);
    for (size_t i = 0; i < text.size; i++)
        if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] > '~')
            return error_set(error, ERROR_INPUT, "holds a byte that is no printable ASCII");
    return 0;
}

/* ---- SPF ---- */

bool spf_is_record(struct view text)
{
    return view_starts_with_nocase(text, VIEW("v=spf1")) && (text.size == 6 || text.data[6] == ' ');
}

enum argument { ARGUMENT_NONE, ARGUMENT_DOMAIN, ARGUMENT_MAY, ARGUMENT_IP4, ARGUMENT_IP6 };

static const struct mechanism {
    const char *name;
    enum argument argument;
    bool has_lookup;
    bool has_prefix_length; /* "/24", "//64" */
} MECHANISMS[] = {
    {"all", ARGUMENT_NONE, false, false}, {"include", ARGUMENT_DOMAIN, true, false},
    {"a", ARGUMENT_MAY, true, true},      {"mx", ARGUMENT_MAY, true, true},
    {"ptr", ARGUMENT_MAY, true, false},   {"ip4", ARGUMENT_IP4, false, true},
    {"ip6", ARGUMENT_IP6, false, true},   {"exists", ARGUMENT_DOMAIN, true, false},
};

/* RFC 7208 7.1: "%" only as "%{LETTER…}", "%%", "%_" or "%-". */
static bool is_domain_spec(struct view text)
{
    if (!text.size)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        size_t end;

        if (text.data[i] != '%')
            continue;
        if (++i == text.size)
            return false;
        if (text.data[i] == '%' || text.data[i] == '_' || text.data[i] == '-')
            continue;
        end = view_find_char(text, '}', i);
        if (text.data[i] != '{' || end == text.size || end == i + 1 ||
            !strchr("slodiphcrtvSLODIPHCRTV", text.data[i + 1]))
            return false;
        i = end;
    }
    return true;
}

static bool is_prefix_length(struct view text, long most)
{
    long bits;

    return view_to_long(text, &bits) && text.size <= 3 && bits <= most;
}

static bool is_address(int family, struct view text)
{
    char address[ADDRESS_TEXT_BYTES];
    unsigned char bytes[16];

    if (!text.size || text.size >= sizeof(address))
        return false;
    memcpy(address, text.data, text.size);
    address[text.size] = '\0';
    return inet_pton(family, address, bytes) == 1;
}

/* Takes "/24", "//64" or "/24//64" off the end of an "a" or "mx". */
static bool take_dual_length(struct view *argument)
{
    size_t slash = view_find_char(*argument, '/', 0);
    struct view lengths = view_slice(*argument, slash, argument->size), four;
    size_t two = view_find(lengths, VIEW("//"), 0);

    *argument = view_slice(*argument, 0, slash);
    four = view_slice(lengths, 0, two);
    if (two < lengths.size && !is_prefix_length(view_slice(lengths, two + 2, lengths.size), 128))
        return false;
    return !four.size || is_prefix_length(view_slice(four, 1, four.size), 32);
}

static bool is_network(int family, struct view argument)
{
    size_t slash = view_find_char(argument, '/', 0);

    return is_address(family, view_slice(argument, 0, slash)) &&
           (slash == argument.size ||
            is_prefix_length(view_slice(argument, slash + 1, argument.size),
                             family == AF_INET ? 32 : 128));
}

/* `argument` is what stands behind the name: "", ":x", "/24" or ":x/24". */
static bool is_argument(const struct mechanism *mechanism, struct view argument)
{
    bool has_colon = argument.size && argument.data[0] == ':';
    struct view value = view_slice(argument, has_colon ? 1 : 0, argument.size);

    switch (mechanism->argument) {
    case ARGUMENT_NONE:
        return argument.size == 0;
    case ARGUMENT_DOMAIN:
        return has_colon && is_domain_spec(value);
    case ARGUMENT_MAY:
        if (mechanism->has_prefix_length && !take_dual_length(&value))
            return false;
        return has_colon ? is_domain_spec(value) : value.size == 0;
    case ARGUMENT_IP4:
        return has_colon && is_network(AF_INET, value);
    case ARGUMENT_IP6:
        return has_colon && is_network(AF_INET6, value);
    }
    return false;
}

static enum spf_rest rest_of(char qualifier)
{
    switch (qualifier) {
    case '-':
        return SPF_REST_FAIL;
    case '~':
        return SPF_REST_SOFTFAIL;
    case '?':
        return SPF_REST_NEUTRAL;
    default:
        return SPF_REST_PASS;
    }
}

struct spf_reading {
    struct spf_record record;
    bool has_all;
    bool has_redirect;
    bool has_explanation;
};

static int take_mechanism(struct view term, struct spf_reading *reading, struct error *error)
{
    char qualifier = strchr("+-~?", term.data[0]) ? term.data[0] : '+';
    struct view rest = term.data[0] == qualifier ? view_slice(term, 1, term.size) : term;
    size_t end = 0;

    while (end < rest.size && rest.data[end] != ':' && rest.data[end] != '/')
        end++;
    for (size_t i = 0; i < sizeof(MECHANISMS) / sizeof(MECHANISMS[0]); i++) {
        const struct mechanism *mechanism = &MECHANISMS[i];

        if (!view_equal_nocase(view_slice(rest, 0, end), view_of(mechanism->name)))
            continue;
        if (!is_argument(mechanism, view_slice(rest, end, rest.size)))
            return refuse(error, term, "has no usable argument");
        if (mechanism->argument == ARGUMENT_NONE && !reading->has_all) {
            reading->has_all = true;
            reading->record.rest = rest_of(qualifier);
        }
        /* RFC 7208 5.1: what stands behind "all" is never looked at. */
        if (mechanism->has_lookup && !reading->has_all)
            reading->record.lookups++;
        if (strcmp(mechanism->name, "ptr") == 0)
            reading->record.uses_ptr = true;
        return 0;
    }
    return refuse(error, term, "is no mechanism of SPF");
}

static bool is_modifier_name(struct view name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];

        if (!ascii_is_letter(c) && (i == 0 || !(ascii_is_digit(c) || c == '-' || c == '_' || c == '.')))
            return false;
    }
    return name.size > 0;
}

static int take_modifier(struct view term, size_t equals, struct spf_reading *reading,
                         struct error *error)
{
    struct view name = view_slice(term, 0, equals);
    struct view value = view_slice(term, equals + 1, term.size);
    bool *seen = NULL;

    if (view_equal_nocase(name, VIEW("redirect")))
        seen = &reading->has_redirect;
    else if (view_equal_nocase(name, VIEW("exp")))
        seen = &reading->has_explanation;
    if (seen && *seen)
        return refuse(error, term, "is given twice");
    if (seen && !is_domain_spec(value))
        return refuse(error, term, "names no domain");
    if (seen)
        *seen = true;
    return 0; /* unknown ones are ignored (RFC 7208 6) */
}

int spf_parse(struct view text, struct spf_record *ret_record, struct error *error)
{
    struct spf_reading reading = {0};
    struct view rest, term;

    if (!spf_is_record(text))
        return error_set(error, ERROR_INPUT, "does not begin with v=spf1");
    if (check_text(text, error) < 0)
        return -1;
    rest = view_slice(text, 6, text.size);
    while (view_next_part(&rest, ' ', &term)) {
        size_t equals = view_find_char(term, '=', 0);
        int result;

        if (!term.size)
            continue;
        if (equals < term.size && is_modifier_name(view_slice(term, 0, equals)))
            result = take_modifier(term, equals, &reading, error);
        else
            result = take_mechanism(term, &reading, error);
        if (result < 0)
            return -1;
    }
    /* RFC 7208 6.1: "redirect" counts only without "all". */
    if (reading.has_redirect && !reading.has_all) {
        reading.record.rest = SPF_REST_REDIRECT;
        reading.record.lookups++;
    }
    if (reading.record.lookups > SPF_LOOKUPS_MAX)
        return error_set(error, ERROR_INPUT,
                         "needs %u DNS lookups, and receivers give up after %d",
                         reading.record.lookups, SPF_LOOKUPS_MAX);
    *ret_record = reading.record;
    return 0;
}

/* ---- DMARC ---- */

static const char *const POLICY_NAMES[] = {"none", "quarantine", "reject"};

const char *dmarc_policy_name(enum dmarc_policy policy)
{
    return POLICY_NAMES[policy];
}

/* Splits "name = value"; false when there is no '='. */
static bool split_tag(struct view part, struct view *ret_name, struct view *ret_value)
{
    size_t equals = view_find_char(part, '=', 0);

    *ret_name = view_trim(view_slice(part, 0, equals));
    *ret_value = equals < part.size ? view_trim(view_slice(part, equals + 1, part.size))
                                    : (struct view){0};
    return equals < part.size && ret_name->size;
}

bool dmarc_is_record(struct view text)
{
    struct view part = view_slice(text, 0, view_find_char(text, ';', 0)), name, value;

    /* RFC 7489 6.3: the value is case-sensitive and the tag comes first. */
    return text.size && !is_blank(text.data[0]) && split_tag(part, &name, &value) &&
           view_equal(name, VIEW("v")) && view_equal(value, VIEW("DMARC1"));
}

static int take_policy(struct view part, struct view value, enum dmarc_policy *policy,
                       struct error *error)
{
    for (size_t i = 0; i < sizeof(POLICY_NAMES) / sizeof(POLICY_NAMES[0]); i++)
        if (view_equal_nocase(value, view_of(POLICY_NAMES[i]))) {
            *policy = (enum dmarc_policy)i;
            return 0;
        }
    return refuse(error, part, "must be none, quarantine or reject");
}

static int take_alignment(struct view part, struct view value, bool *is_strict, struct error *error)
{
    if (!view_equal_nocase(value, VIEW("r")) && !view_equal_nocase(value, VIEW("s")))
        return refuse(error, part, "must be r (relaxed) or s (strict)");
    *is_strict = view_equal_nocase(value, VIEW("s"));
    return 0;
}

static int take_reports(struct view part, struct view value, bool *has_reports, struct error *error)
{
    struct view rest = value, address;

    while (view_next_part(&rest, ',', &address)) {
        address = view_trim(address);
        if (!view_starts_with_nocase(address, VIEW("mailto:")) ||
            view_find_char(address, '@', 0) == address.size)
            return refuse(error, part, "must list addresses as mailto:ADDRESS");
        *has_reports = true;
    }
    return 0;
}

struct dmarc_reading {
    struct dmarc_record record;
    bool has_policy;
    bool has_subdomain_policy;
};

static int take_tag(struct view part, struct dmarc_reading *reading, struct error *error)
{
    struct dmarc_record *record = &reading->record;
    struct view name, value;

    if (!split_tag(part, &name, &value))
        return refuse(error, part, "is not of the form tag=value");
    if (view_equal_nocase(name, VIEW("p"))) {
        reading->has_policy = true;
        return take_policy(part, value, &record->policy, error);
    }
    if (view_equal_nocase(name, VIEW("sp"))) {
        reading->has_subdomain_policy = true;
        return take_policy(part, value, &record->subdomain_policy, error);
    }
    if (view_equal_nocase(name, VIEW("adkim")))
        return take_alignment(part, value, &record->strict_dkim, error);
    if (view_equal_nocase(name, VIEW("aspf")))
        return take_alignment(part, value, &record->strict_spf, error);
    if (view_equal_nocase(name, VIEW("rua")))
        return take_reports(part, value, &record->has_reports, error);
    if (view_equal_nocase(name, VIEW("pct")) &&
        (!view_to_long(value, &record->percent) || record->percent > 100))
        return refuse(error, part, "must be a number from 0 to 100");
    return 0; /* what is unknown is ignored (RFC 7489 6.3) */
}

int dmarc_parse(struct view text, struct dmarc_record *ret_record, struct error *error)
{
    struct dmarc_reading reading = {.record = {.percent = 100}};
    struct view rest = text, part;

    if (!dmarc_is_record(text))
        return error_set(error, ERROR_INPUT, "does not begin with v=DMARC1");
    if (check_text(text, error) < 0)
        return -1;
    view_next_part(&rest, ';', &part);
    while (view_next_part(&rest, ';', &part)) {
        part = view_trim(part);
        if (part.size && take_tag(part, &reading, error) < 0)
            return -1;
    }
    if (!reading.has_policy)
        return error_set(error, ERROR_INPUT, "has no policy; add p=none, p=quarantine or p=reject");
    if (!reading.has_subdomain_policy)
        reading.record.subdomain_policy = reading.record.policy;
    *ret_record = reading.record;
    return 0;
}

/* ---- domains ---- */

static struct view without_dot(struct view domain)
{
    return view_ends_with(domain, VIEW(".")) ? view_slice(domain, 0, domain.size - 1) : domain;
}

bool domain_is_within(struct view a, struct view b)
{
    a = without_dot(a);
    b = without_dot(b);
    if (!a.size || !b.size || a.size < b.size)
        return false;
    if (!view_equal_nocase(view_slice(a, a.size - b.size, a.size), b))
        return false;
    return a.size == b.size || a.data[a.size - b.size - 1] == '.';
}
