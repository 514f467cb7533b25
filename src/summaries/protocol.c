#include "summaries/protocol.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define NO_CREDIT "the account of summaries.api_key_file has no credit left"

enum { TOKENS_MAX = 1000000000, QUESTION_REAL_DIGITS = 6, TELLING_BYTES = 4096 };

/* --- questions --- */

static json_t *string_of(struct view text)
{
    return json_stringn(text.data ? text.data : "", text.size);
}

static json_t *messages_of(const struct endpoint_question *question)
{
    json_t *messages = json_array();

    for (size_t i = 0; i < question->count; i++) {
        json_t *content = string_of(question->messages[i].content), *message = json_object();

        if (!content) {
            json_decref(message);
            json_decref(messages);
            return NULL;
        }
        json_object_set_new(message, "role", json_string(question->messages[i].role));
        json_object_set_new(message, "content", content);
        json_array_append_new(messages, message);
    }
    return messages;
}

static int add_text(const char *text, size_t size, void *context)
{
    struct buffer *out = context;

    buffer_add(out, text, size);
    return out->failed ? -1 : 0;
}

int protocol_write_question(const char *model, const struct endpoint_question *question,
                            struct buffer *out, struct error *error)
{
    json_t *root, *messages = messages_of(question);
    int result;

    if (!messages)
        return error_set(error, ERROR_INPUT, "what was to be asked is not UTF-8");
    root = json_object();
    json_object_set_new(root, "model", json_string(model));
    json_object_set_new(root, "messages", messages);
    json_object_set_new(root, "temperature", json_real(question->temperature));
    if (question->max_tokens > 0)
        json_object_set_new(root, "max_tokens", json_integer(question->max_tokens));
    json_object_set_new(root, "stream", json_false());
    result = json_dump_callback(root, add_text, out,
                                JSON_COMPACT | JSON_REAL_PRECISION(QUESTION_REAL_DIGITS));
    json_decref(root);
    return result == 0 ? 0 : error_set(error, ERROR_INPUT, "what was to be asked is too long");
}

/* --- what a server says, quoted --- */

/* How many bytes at `at` stand in the secret as well. */
static size_t length_of_secret(struct view text, size_t at, struct view secret)
{
    size_t longest = 0;

    for (size_t from = 0; from < secret.size; from++) {
        size_t same = 0;

        while (at + same < text.size && from + same < secret.size &&
               text.data[at + same] == secret.data[from + same])
            same++;
        if (same > longest)
            longest = same;
    }
    return longest;
}

static bool has_secret(struct view text, const char *secret)
{
    return secret && secret[0] && view_find(text, view_of(secret), 0) < text.size;
}

/* One line of it, with pieces of the secret as "***". */
static void quote(struct view text, const char *secret, char room[PROTOCOL_QUOTE_BYTES])
{
    struct view key = view_of(secret), kept;
    size_t needed = key.size < PROTOCOL_SECRET_BYTES ? key.size : PROTOCOL_SECRET_BYTES;
    struct buffer clean, line;

    buffer_init(&clean, 8 * PROTOCOL_QUOTE_BYTES);
    buffer_init(&line, 8 * PROTOCOL_QUOTE_BYTES);
    utf8_add_clean(&clean, view_slice(text, 0, 4 * PROTOCOL_QUOTE_BYTES));
    for (size_t i = 0; i < clean.size;) {
        size_t same = key.size ? length_of_secret(buffer_view(&clean), i, key) : 0;

        if (same && same >= needed) {
            buffer_add_string(&line, "***");
            i += same;
        } else if (!view_is_blank(clean.data[i])) {
            buffer_add_char(&line, clean.data[i++]);
        } else {
            if (line.size && line.data[line.size - 1] != ' ')
                buffer_add_char(&line, ' ');
            i++;
        }
    }
    kept = utf8_prefix(view_trim(buffer_view(&line)), PROTOCOL_QUOTE_BYTES - 1);
    if (kept.size)
        memcpy(room, kept.data, kept.size);
    room[kept.size] = '\0';
    buffer_free(&clean);
    buffer_free(&line);
}

/* --- reading --- */

static struct view view_of_string(const json_t *value)
{
    if (!json_is_string(value))
        return (struct view){NULL, 0};
    return (struct view){json_string_value(value), json_string_length(value)};
}

static json_t *parse(struct view body)
{
    struct buffer clean;
    json_t *root;

    if (utf8_is_valid(body))
        return json_loadb(body.data ? body.data : "", body.size, JSON_ALLOW_NUL, NULL);
    buffer_init(&clean, 3 * body.size + 1);
    utf8_add_clean(&clean, body);
    root = json_loadb(buffer_string(&clean), clean.size, JSON_ALLOW_NUL, NULL);
    buffer_free(&clean);
    return root;
}

/* A word of the protocol; "" for what is no short line of printable ASCII. */
static void keep_word(const json_t *value, char *room, size_t room_bytes)
{
    struct view word = view_of_string(value);

    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] < ' ' || word.data[i] >= 0x7F)
            word.size = 0;
    if (word.size >= room_bytes)
        word.size = 0;
    if (word.size)
        memcpy(room, word.data, word.size);
    room[word.size] = '\0';
}

static int64_t tokens_of(const json_t *usage, const char *key)
{
    const json_t *value = json_object_get(usage, key);
    json_int_t count = json_integer_value(value);

    return count < 0 ? 0 : count > TOKENS_MAX ? TOKENS_MAX : count;
}

/* A string, or the texts of a list of parts. */
static void add_content(struct buffer *out, const json_t *content)
{
    size_t i;
    json_t *part;

    buffer_add_view(out, view_of_string(content));
    if (!json_is_array(content))
        return;
    json_array_foreach(content, i, part)
        if (view_equal_string(view_of_string(json_object_get(part, "type")), "text"))
            buffer_add_view(out, view_of_string(json_object_get(part, "text")));
}

/* The text of {"error": {"message": …}} in its many forms; empty when there is none. */
static struct view message_of(const json_t *root)
{
    const json_t *problem = json_object_get(root, "error");
    const char *const keys[] = {"message", "detail", "error", "msg"};
    struct view text = {NULL, 0};

    if (json_is_object(problem))
        root = problem;
    for (size_t i = 0; !text.size && i < sizeof keys / sizeof keys[0]; i++)
        text = view_of_string(json_object_get(root, keys[i]));
    return text;
}

static int refuse_body(struct view body, const json_t *root, const char *content_type,
                       const char *secret, const char *what, struct error *error)
{
    char said[PROTOCOL_QUOTE_BYTES];

    if (view_starts_with(view_trim(body), VIEW("data:")) ||
        view_starts_with_nocase(view_of(content_type), VIEW("text/event-stream")))
        return error_set(error, ERROR_INPUT, "an event stream, which was not asked for");
    if (!root && view_starts_with(view_trim(body), VIEW("<")))
        return error_set(error, ERROR_INPUT,
                         "a web page and not JSON; mend summaries.base_url if it names no endpoint");
    quote(root ? message_of(root) : view_trim(body), secret, said);
    return error_set(error, ERROR_INPUT, "%s%s%s%s", what, said[0] ? " (\"" : "", said,
                     said[0] ? "\")" : "");
}

int protocol_read_answer(struct view body, const char *content_type, const char *secret,
                         struct endpoint_answer *ret_answer, struct error *error)
{
    json_t *root = parse(body);
    const json_t *choice = json_array_get(json_object_get(root, "choices"), 0);
    const json_t *message = json_object_get(choice, "message");
    const json_t *usage = json_object_get(root, "usage");
    int result = -1;

    *ret_answer = (struct endpoint_answer){
        .prompt_tokens = tokens_of(usage, "prompt_tokens"),
        .completion_tokens = tokens_of(usage, "completion_tokens"),
    };
    buffer_init(&ret_answer->content, ENDPOINT_ANSWER_BYTES);
    if (!root || !json_is_object(message)) {
        refuse_body(body, root, content_type, secret,
                    !root ? "not JSON" : !choice ? "JSON without choices" : "a choice without message",
                    error);
        goto out;
    }
    add_content(&ret_answer->content, json_object_get(message, "content"));
    if (has_secret(buffer_view(&ret_answer->content), secret)) {
        buffer_free(&ret_answer->content);
        error_set(error, ERROR_INPUT, "an answer that holds the API key");
        goto out;
    }
    keep_word(json_object_get(choice, "finish_reason"), ret_answer->finish_reason,
              sizeof ret_answer->finish_reason);
    keep_word(json_object_get(root, "model"), ret_answer->model, sizeof ret_answer->model);
    if (has_secret(view_of(ret_answer->model), secret))
        ret_answer->model[0] = '\0';
    ret_answer->is_refusal = view_trim(view_of_string(json_object_get(message, "refusal"))).size > 0;
    result = 0;
out:
    json_decref(root);
    return result;
}

bool protocol_is_id(const char *id)
{
    size_t size = strlen(id);

    return size && size < ENDPOINT_ID_BYTES && id[0] != '.' &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == size;
}

int protocol_read_file(struct view body, const char *secret, char ret_id[ENDPOINT_ID_BYTES],
                       struct error *error)
{
    json_t *root = parse(body);
    struct view status = view_of_string(json_object_get(root, "status"));
    int result = 0;

    keep_word(json_object_get(root, "id"), ret_id, ENDPOINT_ID_BYTES);
    if (!protocol_is_id(ret_id))
        ret_id[0] = '\0';
    if (!ret_id[0])
        result = refuse_body(body, root, NULL, secret, root ? "a file without a usable id" : "not JSON",
                             error);
    else if (view_equal_string(status, "error") || view_equal_string(status, "failed"))
        result = error_set(error, ERROR_PERMANENT, "the endpoint cannot read this file");
    json_decref(root);
    return result;
}

/* --- complaints --- */

/* What says more than the status does: words of `code` or `type`, and phrases of `message`. */
static const struct telling {
    const char *words;
    bool is_phrase;
    enum error_kind kind;
    const char *mend;
} TELLING[] = {
    {"parsing in progress", true, ERROR_TEMPORARY, NULL},
    {"insufficient_quota", false, ERROR_CONFIGURATION, NO_CREDIT},
    {"credit_balance", false, ERROR_CONFIGURATION, NO_CREDIT},
    {"insufficient balance", true, ERROR_CONFIGURATION, NO_CREDIT},
    {"arrearage", false, ERROR_CONFIGURATION, NO_CREDIT},
    {"spend_limit", false, ERROR_CONFIGURATION, NO_CREDIT},
    {"invalid_api_key", false, ERROR_CONFIGURATION, "mend summaries.api_key_file: its key is refused"},
    {"model_not_found", false, ERROR_CONFIGURATION, "mend summaries.model: it is not known"},
    {"only support stream mode", true, ERROR_CONFIGURATION,
     "mend summaries.model: it answers as a stream only"},
};

static bool says(struct view text, const char *words)
{
    struct view needle = view_of(words);

    text = view_slice(text, 0, TELLING_BYTES);
    for (size_t i = 0; i + needle.size <= text.size; i++)
        if (view_equal_nocase(view_slice(text, i, i + needle.size), needle))
            return true;
    return false;
}

static const struct telling *find_telling(const json_t *problem, struct view message)
{
    struct view code = view_of_string(json_object_get(problem, "code"));
    struct view type = view_of_string(json_object_get(problem, "type"));

    for (size_t i = 0; i < sizeof TELLING / sizeof TELLING[0]; i++)
        if (TELLING[i].is_phrase ? says(message, TELLING[i].words)
                                 : says(code, TELLING[i].words) || says(type, TELLING[i].words))
            return &TELLING[i];
    return NULL;
}

/* The parameters of our own choice: a complaint about one is about the model. */
static bool is_about_parameter(const json_t *problem)
{
    static const char *const ours[] = {"model", "temperature", "max_tokens", "stream", "purpose"};
    struct view named = view_of_string(json_object_get(problem, "param"));

    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (view_equal_string(named, ours[i]))
            return true;
    return false;
}

static const char *mend_of_status(long status, bool is_file, bool has_key)
{
    if (status >= 300 && status < 400)
        return "mend summaries.base_url: it leads elsewhere, which is not followed";
    switch (status) {
    case 401:
        return has_key ? "mend summaries.api_key_file: its key is refused"
                       : "mend summaries.api_key_file: a key is asked for";
    case 402:
        return "the account of summaries.api_key_file has no credit left";
    case 403:
        return "mend summaries.api_key_file or summaries.model: access is denied";
    case 404: case 405:
        return is_file ? "mend summaries.base_url, or summaries.source where no files are taken"
                       : "mend summaries.base_url or summaries.model";
    default:
        return NULL;
    }
}

static bool is_temporary(long status)
{
    return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500 ||
           status < 300;
}

int protocol_complain(const char *what, long status, struct view body, bool is_file,
                      const char *secret, struct error *error)
{
    json_t *root = parse(body);
    const json_t *problem = json_object_get(root, "error");
    struct view message = message_of(root);
    const char *mend = mend_of_status(status, is_file, secret != NULL);
    enum error_kind kind = mend ? ERROR_CONFIGURATION
                                : is_temporary(status) ? ERROR_TEMPORARY : ERROR_PERMANENT;
    const struct telling *telling;
    char said[PROTOCOL_QUOTE_BYTES];

    if (!json_is_object(problem))
        problem = root;
    telling = status < 500 ? find_telling(problem, message) : NULL;
    if (telling) {
        kind = telling->kind;
        mend = status == 401 && !secret ? mend : telling->mend;
    } else if (kind == ERROR_PERMANENT && is_about_parameter(problem)) {
        kind = ERROR_CONFIGURATION;
        mend = "mend summaries.model: it does not take what it was asked with";
    }
    if (!root)
        message = view_trim(body);
    if (view_starts_with(message, VIEW("<"))) /* a page for people */
        message.size = 0;
    quote(message, secret, said);
    error_set(error, kind, "%s: HTTP status %ld%s%s%s%s%s", what, status, mend ? "; " : "",
              mend ? mend : "", said[0] ? " (\"" : "", said, said[0] ? "\")" : "");
    json_decref(root);
    return -1;
}
