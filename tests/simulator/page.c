/* Any other answer below the base path: help pages, feeds. */
#include "simulator/call.h"

#include <stdlib.h>
#include <string.h>

/* Under the lock. */
static struct sim_page **page_find(struct simulator *simulator, const char *path)
{
    struct sim_page **at = &simulator->pages;
    while (*at && strcmp((*at)->path, path) != 0)
        at = &(*at)->next;
    return at;
}

/* Below the base path, without slashes around it. */
static char *path_below(const struct sim_call *call)
{
    const char *base = call->simulator->base_path;
    size_t size = strlen(base), length = strlen(call->path);
    if (strncasecmp(call->path, base, size) != 0 || call->path[size] != '/')
        return sim_duplicate("");
    while (length > size + 1 && call->path[length - 1] == '/')
        length--;
    return sim_decode(call->path + size + 1, length - size - 1, false);
}

bool sim_page_find(struct sim_call *call, bool *open)
{
    char *path = path_below(call);
    pthread_mutex_lock(&call->simulator->lock);
    const struct sim_page *page = *page_find(call->simulator, path);
    bool found = page != NULL;
    *open = page && page->open;
    pthread_mutex_unlock(&call->simulator->lock);
    free(path);
    return found;
}

void sim_page_answer(struct sim_call *call)
{
    static const char *const types[] = {"text/html; charset=utf-8", "application/json; charset=utf-8",
                                        "application/xml; charset=utf-8", "text/plain; charset=utf-8",
                                        "application/atom+xml; charset=utf-8"};
    char *path = path_below(call);
    call->status = 200;
    call->content_type = types[0];
    pthread_mutex_lock(&call->simulator->lock);
    const struct sim_page *page = *page_find(call->simulator, path);
    if (page) {
        sim_text_add_string(&call->body, page->text);
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            if (strncmp(types[i], page->content_type, strlen(page->content_type)) == 0)
                call->content_type = types[i];
        }
    }
    pthread_mutex_unlock(&call->simulator->lock);
    free(path);
}

void simulator_set_page(struct simulator *simulator, const struct simulator_page *page)
{
    pthread_mutex_lock(&simulator->lock);
    struct sim_page **at = page_find(simulator, page->path);
    if (!*at)
        *at = sim_allocate(sizeof **at);
    struct sim_page *next = (*at)->next;
    free((*at)->path);
    free((*at)->content_type);
    free((*at)->text);
    **at = (struct sim_page){
        .path = sim_duplicate(page->path),
        .content_type = sim_duplicate(page->content_type ? page->content_type : "text/html"),
        .text = sim_duplicate(page->text ? page->text : ""),
        .open = page->open,
        .next = next};
    pthread_mutex_unlock(&simulator->lock);
}

void sim_pages_free(struct simulator *simulator)
{
    for (struct sim_page *page = simulator->pages, *next; page; page = next) {
        next = page->next;
        free(page->path);
        free(page->content_type);
        free(page->text);
        free(page);
    }
}
