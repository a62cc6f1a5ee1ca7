#include "probe/reply.h"

#include <cjson/cJSON.h>
#include <string.h>

void reply_read(struct reply *reply, const struct answer *answer)
{
    *reply = (struct reply){0};
    if (!answer->text_cut)
        reply->tree = cJSON_ParseWithLength(answer->text, answer->text_size);
}

void reply_free(struct reply *reply)
{
    cJSON_Delete(reply->tree);
    reply->tree = NULL;
}

/* The scanner has let no text through whose depth could exhaust the stack. */
static const cJSON *find(const cJSON *node, const char *name)
{
    if (cJSON_IsObject(node))
        return cJSON_GetObjectItem(node, name);
    const cJSON *found = NULL;
    for (const cJSON *item = cJSON_IsArray(node) ? node->child : NULL; item != NULL && found == NULL;
         item = item->next)
        found = find(item, name);
    return found;
}

static const cJSON *first_scalar(const cJSON *node)
{
    while (cJSON_IsObject(node) || cJSON_IsArray(node))
        node = node->child;
    return node;
}

struct json_value reply_value(struct reply *reply, const char *member, const char *name)
{
    struct json_value value = {.kind = JSON_ABSENT, .text = ""};
    const cJSON *node = find(reply->tree, member);
    node = name == NULL ? first_scalar(node) : find(node, name);
    if (cJSON_IsNull(node)) {
        value.kind = JSON_NULL;
    } else if (cJSON_IsBool(node)) {
        value.kind = cJSON_IsTrue(node) ? JSON_TRUE : JSON_FALSE;
    } else if (cJSON_IsString(node)) {
        value.kind = JSON_STRING;
        value.text = node->valuestring;
        value.size = strlen(node->valuestring);
    } else if (cJSON_IsNumber(node)) {
        value.kind = JSON_NUMBER;
        value.size = text_from_double(node->valuedouble, reply->number);
        reply->number[value.size] = '\0';
        value.text = reply->number;
    }
    return value;
}
