#include "kinetic/oauth2.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kinetic/token.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* Bytes in memory of their exact size: nothing that grows on its way leaves half of a secret behind. */
struct form {
    char *at; /* NULL while only counted */
    size_t size;
};

static void form_byte(struct form *form, char byte)
{
    if (form->at)
        form->at[form->size] = byte;
    form->size++;
}

/* By the byte, whatever its character: the code point of "application/x-www-form-urlencoded" is a byte of UTF-8. */
static void form_text(struct form *form, const char *bytes, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)bytes[i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '*' ||
                     c == '-' || c == '.' || c == '_';
        if (plain || c == ' ') {
            form_byte(form, plain ? (char)c : '+');
            continue;
        }
        form_byte(form, '%');
        form_byte(form, hex[c >> 4]);
        form_byte(form, hex[c & 15]);
    }
}

static void form_field(struct form *form, const char *name, const char *value, size_t size)
{
    if (form->size > 0)
        form_byte(form, '&');
    form_text(form, name, strlen(name));
    form_byte(form, '=');
    form_text(form, value, size);
}

static void form_plain(struct form *form, const char *name, const char *value)
{
    if (value)
        form_field(form, name, value, strlen(value));
}

static void form_secret(struct form *form, const char *name, const struct secret *value)
{
    if (value)
        form_field(form, name, secret_reveal(value), secret_size(value));
}

static void form_write(struct form *form, const struct oauth2_login *login)
{
    form_plain(form, "grant_type", login->grant);
    if (!login->client_basic || login->assertion)
        form_secret(form, "client_id", login->client_id);
    if (login->assertion) {
        form_plain(form, "client_assertion_type", ASSERTION_TYPE);
        form_secret(form, "client_assertion", login->assertion);
    } else if (!login->client_basic) {
        form_secret(form, "client_secret", login->client_secret);
    }
    form_secret(form, "username", login->username);
    form_secret(form, "password", login->password);
    form_plain(form, "scope", login->scope);
    for (size_t i = 0; i < login->field_count; i++)
        form_secret(form, login->fields[i].name, login->fields[i].value);
}

/* The secret as a form has it; NULL gives an empty one. */
static struct secret *encoded(const struct secret *plain)
{
    struct form form = {0};
    if (!plain)
        return secret_new("", 0);
    form_text(&form, secret_reveal(plain), secret_size(plain));
    form = (struct form){.at = memory_new(form.size + 1, 1)};
    form_text(&form, secret_reveal(plain), secret_size(plain));
    struct secret *secret = secret_new(form.at, form.size);
    secret_wipe(form.at, form.size);
    free(form.at);
    return secret;
}

/* RFC 6749 section 2.3.1: both are encoded before they become user and password. */
static void add_client(const struct oauth2_login *login, struct header_list *headers)
{
    struct secret *id = encoded(login->client_id), *secret = encoded(login->client_secret);
    bool good = header_add_basic(headers, id, secret);
    assert(good && "an encoded text holds neither colon nor control character");
    secret_unref(id);
    secret_unref(secret);
}

void oauth2_request(const struct oauth2_login *login, struct request *request, struct header_list *headers)
{
    struct form form = {0};
    form_write(&form, login);
    form = (struct form){.at = memory_new(form.size + 1, 1)};
    form_write(&form, login);
    request->purpose = EXCHANGE_LOGIN;
    request->method = HTTP_POST;
    request->body = form.at;
    request->body_size = form.size;
    request->content_type = "application/x-www-form-urlencoded";
    request->wanted = BODY_ANY;
    request->keep = TOKEN_ANSWER_MAX;
    request->max_response = TOKEN_ANSWER_MAX;
    if (login->client_basic && !login->assertion)
        add_client(login, headers);
}
