#include "base/user_name.h"

#include <ctype.h>
#include <string.h>

#include "base/secret_match.h"

#define SHORTEST 3
#define JOINED   '_' /* a neighbour that makes one word with the name */

/* Words that error messages use of themselves. */
static const char *const own_words[] = {"access",  "account", "api",    "client",   "company", "key",
                                        "license", "login",   "name",   "password", "request", "server",
                                        "service", "session", "system", "token",    "user",    "username"};

static bool is_word(unsigned char c)
{
    return isalnum(c) || c == '_' || c >= 0x80;
}

static bool is_word_at(struct span text, size_t at)
{
    return at < text.size && is_word((unsigned char)text.data[at]);
}

static bool is_escape(struct span text, size_t at, const char *introduction, size_t digits)
{
    size_t size = strlen(introduction);
    if (at + size + digits > text.size || memcmp(text.data + at, introduction, size) != 0)
        return false;
    for (size_t i = 0; i < digits; i++)
        if (!isxdigit((unsigned char)text.data[at + size + i]))
            return false;
    return true;
}

/* The two last hexadecimal digits before at, as the character that they stand for; others than ASCII are letters. */
static unsigned char escaped(struct span text, size_t end)
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = 0;
    for (size_t i = end - 2; i < end; i++)
        value = value * 16 + (unsigned)(strchr(digits, tolower((unsigned char)text.data[i])) - digits);
    return (unsigned char)value;
}

/* \n, \r, \t of a text in JSON. */
static bool is_blank_escape(struct span text, size_t at)
{
    return at + 2 <= text.size && text.data[at] == '\\' && strchr("nrt", text.data[at + 1]) != NULL;
}

static const struct {
    const char *introduction;
    size_t digits;
} escapes[] = {{"%25", 2}, {"%", 2}, {"\\u00", 2}}; /* of two that fit, the longer first */

#define ESCAPES (sizeof escapes / sizeof escapes[0])

/* What stands beside the name; 0 where the text ends. */
static unsigned char before(struct span text, size_t at)
{
    if (at == 0)
        return 0;
    for (size_t i = 0; i < ESCAPES; i++) {
        size_t size = strlen(escapes[i].introduction) + escapes[i].digits;
        if (at >= size && is_escape(text, at - size, escapes[i].introduction, escapes[i].digits))
            return escaped(text, at);
    }
    if (at >= 2 && is_blank_escape(text, at - 2))
        return ' ';
    unsigned char c = (unsigned char)text.data[at - 1];
    bool joins = strchr(".-@", c) != NULL && at >= 2 && is_word_at(text, at - 2);
    return joins ? JOINED : c;
}

static unsigned char behind(struct span text, size_t at)
{
    if (at == text.size)
        return 0;
    for (size_t i = 0; i < ESCAPES; i++)
        if (is_escape(text, at, escapes[i].introduction, escapes[i].digits))
            return escaped(text, at + strlen(escapes[i].introduction) + escapes[i].digits);
    if (is_blank_escape(text, at))
        return ' ';
    unsigned char c = (unsigned char)text.data[at];
    /* \" ends a text in JSON. */
    if (c == '\\' && at + 1 < text.size && text.data[at + 1] == '"')
        return '"';
    bool joins = strchr(".-\\", c) != NULL && is_word_at(text, at + 1);
    return joins ? JOINED : c;
}

static bool is_own_word(struct span name)
{
    for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++)
        if (span_is_nocase(name, own_words[i]))
            return true;
    return name.size < SHORTEST;
}

/* Between these neighbours stands a name and nothing else. */
static bool is_named(unsigned char left, unsigned char right)
{
    bool quoted = left == right && left != 0 && strchr("'\"`", left) != NULL;
    return quoted || left == '\\' || left == '=' || right == '@';
}

static void hide_word(struct span text, struct span name, char mark, char *hidden)
{
    bool own_word = is_own_word(name), leads[256] = {false};
    if (name.size > 0)
        secret_match_leads((unsigned char)name.data[0], leads);
    for (size_t at = 0; at < text.size; at++) {
        if (!leads[(unsigned char)text.data[at]])
            continue;
        struct span rest = {text.data + at, text.size - at};
        struct secret_match match = secret_match(rest, name.data, name.size);
        if (match.secret != name.size)
            continue;
        unsigned char left = before(text, at), right = behind(text, at + match.text);
        if (is_word(left) || is_word(right) || (own_word && !is_named(left, right)))
            continue;
        for (size_t i = at; i < at + match.text; i++)
            hidden[i] = hidden[i] ? hidden[i] : mark;
    }
}

void user_name_hide(struct span text, struct span name, char mark, char *hidden)
{
    hide_word(text, name, mark, hidden);
    struct span part = name;
    const char *domain = memrchr(part.data, '\\', part.size);
    if (domain)
        part = (struct span){domain + 1, part.size - (size_t)(domain + 1 - part.data)};
    const char *host = memchr(part.data, '@', part.size);
    if (host)
        part.size = (size_t)(host - part.data);
    if (part.size != name.size)
        hide_word(text, part, mark, hidden);
}
