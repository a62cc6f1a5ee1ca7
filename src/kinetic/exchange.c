#include "kinetic/exchange.h"

#include <assert.h>
#include <stdlib.h>

#include "base/secret.h"

const char *http_method_name(enum http_method method)
{
    static const char *const names[] = {[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST"};
    assert((size_t)method < sizeof names / sizeof names[0]);
    return names[method];
}

void request_free(struct request *request)
{
    free(request->path);
    if (request->body)
        secret_wipe(request->body, request->body_size); /* of a token request it holds secrets */
    free(request->body);
    *request = (struct request){0};
}
