#include "inbox/mailbox.h"

#include <curl/curl.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "inbox/imap_wire.h"

enum {
    STEP_SECONDS = 60,
    ANSWER_BYTES = 1024 * 1024, /* of a command that brings no mail */
    LIST_BYTES = 64 * 1024 * 1024,
    LIST_MAX = 100000, /* the rest is seen the next time */
    LOGOUT_SECONDS = 5,
    IDLE_SECONDS = 9 * 60, /* RFC 2177 says 29 minutes; routers forget sooner */
    NOOP_SECONDS = 30,
    FOLDER_BYTES = 1000
};

struct mailbox {
    struct imap_wire *wire;
    mailimap *imap;
    char *url;
    int timeout_seconds;
    uint32_t validity;
    uint32_t last_uid; /* of the last list */
    bool has_move, has_uidplus, has_idle;
    bool was_open; /* once before */
};

static void allow(struct mailbox *mailbox, size_t bytes)
{
    imap_wire_allow(mailbox->wire, mailbox->timeout_seconds, bytes);
}

/* ---- errors ---- */

static bool is_fine(int code)
{
    return code == MAILIMAP_NO_ERROR || code == MAILIMAP_NO_ERROR_AUTHENTICATED ||
           code == MAILIMAP_NO_ERROR_NON_AUTHENTICATED;
}

static bool is_for_now(const struct mailbox *mailbox)
{
    const struct mailimap_response_info *info = mailbox->imap->imap_response_info;

    return mailbox->was_open || (info && imap_wire_is_passing(view_of(info->rsp_atom)));
}

/* `refused`: the kind when the server has answered NO and it will last. */
static int say(const struct mailbox *mailbox, int code, enum error_kind refused, const char *what,
               struct error *error)
{
    const char *problem = imap_wire_problem(mailbox->wire);

    if (problem || code == MAILIMAP_ERROR_STREAM)
        return error_set(error, ERROR_TEMPORARY, "inbox %s: %s: %s", mailbox->url, what,
                         problem ? problem : "the connection was lost");
    if (code == MAILIMAP_ERROR_PARSE || code == MAILIMAP_ERROR_PROTOCOL)
        return error_set(error, ERROR_TEMPORARY, "inbox %s: %s: the server's answer is no IMAP",
                         mailbox->url, what);
    return error_set(error, is_for_now(mailbox) ? ERROR_TEMPORARY : refused,
                     "inbox %s: %s: %s", mailbox->url, what,
                     mailbox->imap->imap_response && mailbox->imap->imap_response[0]
                         ? mailbox->imap->imap_response
                         : "refused");
}

/* ---- folders ---- */

/* Modified UTF-7 (RFC 3501 5.1.3). */
static int folder_name(const char *folder, char ret_name[FOLDER_BYTES], struct error *error)
{
    iconv_t converter = iconv_open("UTF-7-IMAP", "UTF-8");
    char *from = (char *)(size_t)folder, *to = ret_name;
    size_t left = strlen(folder), room = FOLDER_BYTES - 1, result = (size_t)-1;

    if (converter != (iconv_t)-1) {
        result = iconv(converter, &from, &left, &to, &room);
        if (result != (size_t)-1)
            result = iconv(converter, NULL, NULL, &to, &room);
        iconv_close(converter);
    }
    if (result == (size_t)-1)
        return error_set(error, ERROR_CONFIGURATION, "\"%s\" cannot be the name of a mail folder",
                         folder);
    *to = '\0';
    return 0;
}

/* The folder in the URL's path; INBOX when there is none. */
static int folder_of_url(const char *url, char ret_name[FOLDER_BYTES], struct error *error)
{
    CURLU *parts = curl_url();
    char *path = NULL;
    int result;

    if (!parts || curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, CURLU_URLDECODE) != CURLUE_OK)
        result = error_set(error, ERROR_CONFIGURATION,
                           "inbox.url \"%s\": must be imaps://HOST/FOLDER or imap://HOST/FOLDER",
                           url);
    else
        result = folder_name(path[0] == '/' && path[1] ? path + 1 : "INBOX", ret_name, error);
    curl_free(path);
    curl_url_cleanup(parts);
    return result;
}

int mailbox_need_folder(struct mailbox *mailbox, const char *folder, struct error *error)
{
    char name[FOLDER_BYTES];
    clist *found = NULL;
    bool is_there;
    int code;

    if (folder_name(folder, name, error) < 0)
        return -1;
    allow(mailbox, ANSWER_BYTES);
    code = mailimap_list(mailbox->imap, "", name, &found);
    if (!is_fine(code))
        return say(mailbox, code, ERROR_CONFIGURATION, "looking for a folder", error);
    is_there = clist_count(found) > 0;
    mailimap_list_result_free(found);
    if (is_there)
        return 0;
    allow(mailbox, ANSWER_BYTES);
    code = mailimap_create(mailbox->imap, name);
    if (is_fine(code))
        return 0;
    say(mailbox, code, ERROR_CONFIGURATION, "making the folder", error);
    return error_add(error, "folder \"%s\" (perhaps \"INBOX.%s\" is its name here; mend "
                            "inbox.processed or inbox.failed)", folder, folder);
}

/* ---- opening ---- */

static void take_capabilities(struct mailbox *mailbox,
                              const struct mailimap_capability_data *capabilities)
{
    for (clistiter *at = clist_begin(capabilities->cap_list); at; at = clist_next(at)) {
        const struct mailimap_capability *item = clist_content(at);
        struct view name;

        if (item->cap_type != MAILIMAP_CAPABILITY_NAME)
            continue;
        name = view_of(item->cap_data.cap_name);
        mailbox->has_move |= view_equal_nocase(name, VIEW("MOVE"));
        mailbox->has_uidplus |= view_equal_nocase(name, VIEW("UIDPLUS"));
        mailbox->has_idle |= view_equal_nocase(name, VIEW("IDLE"));
    }
}

static int greet(struct mailbox *mailbox, struct error *error)
{
    struct mailimap_capability_data *capabilities = NULL;
    int code;

    allow(mailbox, ANSWER_BYTES);
    code = mailimap_connect(mailbox->imap, imap_wire_stream(mailbox->wire));
    if (is_fine(code))
        code = mailimap_capability(mailbox->imap, &capabilities);
    if (!is_fine(code))
        return say(mailbox, code, ERROR_TEMPORARY, "asking what it can", error);
    take_capabilities(mailbox, capabilities);
    mailimap_capability_data_free(capabilities);
    return 0;
}

static int select_folder(struct mailbox *mailbox, const char *name, struct error *error)
{
    int code;

    allow(mailbox, ANSWER_BYTES);
    code = mailimap_select(mailbox->imap, name);
    if (!is_fine(code) || !mailbox->imap->imap_selection_info)
        return say(mailbox, code, ERROR_CONFIGURATION, "opening the folder", error);
    mailbox->validity = mailbox->imap->imap_selection_info->sel_uidvalidity;
    return 0;
}

int mailbox_open(const struct mailbox_options *options, struct mailbox **ret_mailbox,
                 struct error *error)
{
    struct mailbox *mailbox = memory_new(1, sizeof(*mailbox));
    char name[FOLDER_BYTES];

    mailbox->url = memory_copy_string(options->url);
    mailbox->timeout_seconds = options->timeout_seconds ? options->timeout_seconds : STEP_SECONDS;
    mailbox->was_open = options->was_open;
    mailbox->imap = mailimap_new(0, NULL);
    if (folder_of_url(options->url, name, error) < 0 ||
        imap_wire_open(options, &mailbox->wire, error) < 0 || greet(mailbox, error) < 0 ||
        select_folder(mailbox, name, error) < 0) {
        mailbox_close(&mailbox);
        return -1;
    }
    *ret_mailbox = mailbox;
    return 0;
}

void mailbox_close(struct mailbox **mailbox)
{
    if (!*mailbox)
        return;
    if ((*mailbox)->wire && (*mailbox)->imap->imap_stream && !imap_wire_problem((*mailbox)->wire)) {
        imap_wire_allow((*mailbox)->wire, LOGOUT_SECONDS, ANSWER_BYTES);
        mailimap_logout((*mailbox)->imap);
    }
    mailimap_free((*mailbox)->imap);
    imap_wire_close(&(*mailbox)->wire);
    free((*mailbox)->url);
    free(*mailbox);
    *mailbox = NULL;
}

uint32_t mailbox_validity(const struct mailbox *mailbox)
{
    return mailbox->validity;
}

/* ---- what is there ---- */

static bool is_deleted(const struct mailimap_msg_att_dynamic *dynamic)
{
    if (!dynamic || !dynamic->att_list)
        return false;
    for (clistiter *at = clist_begin(dynamic->att_list); at; at = clist_next(at)) {
        const struct mailimap_flag_fetch *flag = clist_content(at);

        if (flag->fl_type == MAILIMAP_FLAG_FETCH_OTHER && flag->fl_flag &&
            flag->fl_flag->fl_type == MAILIMAP_FLAG_DELETED)
            return true;
    }
    return false;
}

static bool take_item(const struct mailimap_msg_att *message, struct mailbox_item *ret_item)
{
    *ret_item = (struct mailbox_item){0};
    for (clistiter *at = clist_begin(message->att_list); at; at = clist_next(at)) {
        const struct mailimap_msg_att_item *item = clist_content(at);

        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC && is_deleted(item->att_data.att_dyn))
            return false;
        if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC || !item->att_data.att_static)
            continue;
        if (item->att_data.att_static->att_type == MAILIMAP_MSG_ATT_UID)
            ret_item->uid = item->att_data.att_static->att_data.att_uid;
        if (item->att_data.att_static->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE)
            ret_item->size = item->att_data.att_static->att_data.att_rfc822_size;
    }
    return ret_item->uid != 0;
}

static int compare_items(const void *a, const void *b)
{
    const struct mailbox_item *left = a, *right = b;

    return left->uid < right->uid ? -1 : left->uid > right->uid;
}

static int list(struct mailbox *mailbox, struct mailbox_item **ret_items, size_t *ret_count,
                size_t *ret_fetched, struct error *error)
{
    struct mailimap_set *all = mailimap_set_new_interval(1, 0);
    struct mailimap_fetch_type *what = mailimap_fetch_type_new_fetch_att_list_empty();
    struct mailbox_item *items = NULL;
    size_t count = 0, capacity = 0;
    clist *found = NULL;
    int code;

    mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_uid());
    mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_rfc822_size());
    mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_flags());
    allow(mailbox, LIST_BYTES);
    code = mailimap_uid_fetch(mailbox->imap, all, what, &found);
    mailimap_set_free(all);
    mailimap_fetch_type_free(what);
    if (!is_fine(code))
        return say(mailbox, code, ERROR_TEMPORARY, "listing the mails", error);
    for (clistiter *at = clist_begin(found); at && count < LIST_MAX; at = clist_next(at)) {
        items = memory_grow(items, &capacity, count + 1, sizeof(*items));
        count += take_item(clist_content(at), &items[count]);
    }
    *ret_fetched = (size_t)clist_count(found);
    mailimap_fetch_list_free(found);
    if (count)
        qsort(items, count, sizeof(*items), compare_items);
    *ret_items = items;
    *ret_count = count;
    return 0;
}

int mailbox_list(struct mailbox *mailbox, struct mailbox_item **ret_items, size_t *ret_count,
                 struct error *error)
{
    size_t fetched;

    if (list(mailbox, ret_items, ret_count, &fetched, error) < 0)
        return -1;
    if (*ret_count)
        mailbox->last_uid = (*ret_items)[*ret_count - 1].uid;
    return 0;
}

/* What came since the last list, or while it is listed now: of that libetpan has read the
 * notice, and no IDLE tells of it again. */
static int has_more(struct mailbox *mailbox, bool *ret_has, struct error *error)
{
    struct mailbox_item *items = NULL;
    size_t count, fetched;

    if (list(mailbox, &items, &count, &fetched, error) < 0)
        return -1;
    *ret_has = (count && items[count - 1].uid > mailbox->last_uid) ||
               mailbox->imap->imap_selection_info->sel_exists > fetched;
    free(items);
    return 0;
}

/* ---- one mail ---- */

static bool take_body(const clist *found, struct buffer *ret_bytes)
{
    for (clistiter *at = clist_begin(found); at; at = clist_next(at)) {
        const struct mailimap_msg_att *message = clist_content(at);

        for (clistiter *part = clist_begin(message->att_list); part; part = clist_next(part)) {
            const struct mailimap_msg_att_item *item = clist_content(part);
            const struct mailimap_msg_att_static *fixed = item->att_data.att_static;

            if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC || !fixed ||
                fixed->att_type != MAILIMAP_MSG_ATT_BODY_SECTION)
                continue;
            buffer_add(ret_bytes, fixed->att_data.att_body_section->sec_body_part,
                       fixed->att_data.att_body_section->sec_length);
            return true;
        }
    }
    return false;
}

int mailbox_fetch(struct mailbox *mailbox, uint32_t uid, size_t max_bytes,
                  struct buffer *ret_bytes, struct error *error)
{
    struct mailimap_set *set = mailimap_set_new_single(uid);
    struct mailimap_fetch_type *what = mailimap_fetch_type_new_fetch_att(
        mailimap_fetch_att_new_body_peek_section_partial(mailimap_section_new(NULL), 0,
                                                         (uint32_t)max_bytes));
    clist *found = NULL;
    bool is_there;
    int code;

    allow(mailbox, max_bytes + ANSWER_BYTES);
    code = mailimap_uid_fetch(mailbox->imap, set, what, &found);
    mailimap_set_free(set);
    mailimap_fetch_type_free(what);
    if (!is_fine(code))
        return say(mailbox, code, ERROR_TEMPORARY, "fetching a mail", error);
    is_there = take_body(found, ret_bytes);
    mailimap_fetch_list_free(found);
    if (!is_there)
        return error_set(error, ERROR_MISSING, "inbox %s: mail %u is gone", mailbox->url,
                         (unsigned)uid);
    return 0;
}

/* ---- moved ---- */

static int mark_deleted(struct mailbox *mailbox, struct mailimap_set *set)
{
    struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
    struct mailimap_store_att_flags *change;
    int code;

    mailimap_flag_list_add(flags, mailimap_flag_new_deleted());
    change = mailimap_store_att_flags_new_add_flags_silent(flags);
    code = mailimap_uid_store(mailbox->imap, set, change);
    mailimap_store_att_flags_free(change);
    return code;
}

/* Plain EXPUNGE takes all that are marked: only when it is this one alone. */
static int expunge_alone(struct mailbox *mailbox)
{
    struct mailimap_search_key key = {.sk_type = MAILIMAP_SEARCH_KEY_DELETED};
    clist *found = NULL;
    bool is_alone;
    int code = mailimap_uid_search(mailbox->imap, NULL, &key, &found);

    if (!is_fine(code))
        return code;
    is_alone = clist_count(found) == 1;
    mailimap_search_result_free(found);
    return is_alone ? mailimap_expunge(mailbox->imap) : MAILIMAP_NO_ERROR;
}

static int copy_and_delete(struct mailbox *mailbox, struct mailimap_set *set, const char *name)
{
    int code = mailimap_uid_copy(mailbox->imap, set, name);

    if (is_fine(code))
        code = mark_deleted(mailbox, set);
    if (!is_fine(code))
        return code;
    return mailbox->has_uidplus ? mailimap_uid_expunge(mailbox->imap, set)
                                : expunge_alone(mailbox);
}

/* Another reader may have moved it; what the server says then is its own affair. */
static bool is_gone(struct mailbox *mailbox, uint32_t uid)
{
    struct buffer nothing;
    struct error problem;
    int result;

    buffer_init(&nothing, 1);
    result = mailbox_fetch(mailbox, uid, 1, &nothing, &problem);
    buffer_free(&nothing);
    return result < 0 && problem.kind == ERROR_MISSING;
}

int mailbox_move(struct mailbox *mailbox, uint32_t uid, const char *folder, struct error *error)
{
    struct mailimap_set *set;
    char name[FOLDER_BYTES];
    int code;

    if (folder_name(folder, name, error) < 0)
        return -1;
    set = mailimap_set_new_single(uid);
    allow(mailbox, ANSWER_BYTES);
    code = mailbox->has_move ? mailimap_uid_move(mailbox->imap, set, name)
                             : copy_and_delete(mailbox, set, name);
    mailimap_set_free(set);
    if (!is_fine(code)) {
        say(mailbox, code, ERROR_TEMPORARY, "moving a mail", error);
        return !imap_wire_problem(mailbox->wire) && is_gone(mailbox, uid) ? 0 : -1;
    }
    return 0;
}

int mailbox_append(struct mailbox *mailbox, const char *folder, struct view message,
                   struct error *error)
{
    struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
    char name[FOLDER_BYTES];
    int code;

    if (folder_name(folder, name, error) < 0) {
        mailimap_flag_list_free(flags);
        return -1;
    }
    mailimap_flag_list_add(flags, mailimap_flag_new_seen());
    allow(mailbox, ANSWER_BYTES);
    code = mailimap_append(mailbox->imap, name, flags, NULL, message.data, message.size);
    mailimap_flag_list_free(flags);
    if (!is_fine(code))
        return say(mailbox, code, ERROR_TEMPORARY, "adding a note", error);
    return 0;
}

/* ---- waiting ---- */

static int noop(struct mailbox *mailbox, struct error *error)
{
    int code;

    allow(mailbox, ANSWER_BYTES);
    code = mailimap_noop(mailbox->imap);
    return is_fine(code) ? 0 : say(mailbox, code, ERROR_TEMPORARY, "asking for news", error);
}

/* What libetpan has read with the answer to IDLE counts as news, too. */
static int idle(struct mailbox *mailbox, int seconds, const volatile sig_atomic_t *stop,
                bool *ret_is_news, struct error *error)
{
    int code;

    allow(mailbox, ANSWER_BYTES);
    code = mailimap_idle(mailbox->imap);
    if (!is_fine(code))
        return say(mailbox, code, ERROR_TEMPORARY, "waiting for mail", error);
    *ret_is_news = mailbox->imap->imap_stream->read_buffer_len > 0 ||
                   imap_wire_wait(mailbox->wire, seconds, stop);
    allow(mailbox, ANSWER_BYTES);
    code = mailimap_idle_done(mailbox->imap);
    return is_fine(code) ? 0 : say(mailbox, code, ERROR_TEMPORARY, "waiting for mail", error);
}

int mailbox_wait(struct mailbox *mailbox, int seconds, const volatile sig_atomic_t *stop,
                 bool *ret_is_news, struct error *error)
{
    int step = mailbox->has_idle ? IDLE_SECONDS : NOOP_SECONDS;

    if (has_more(mailbox, ret_is_news, error) < 0)
        return -1;
    while (seconds > 0 && !*ret_is_news && !(stop && *stop)) {
        int part = seconds < step ? seconds : step;

        if (mailbox->has_idle) {
            if (idle(mailbox, part, stop, ret_is_news, error) < 0)
                return -1;
        } else {
            imap_wire_wait(mailbox->wire, part, stop);
            if (noop(mailbox, error) < 0)
                return -1;
            *ret_is_news = true;
        }
        seconds -= part;
    }
    return 0;
}
