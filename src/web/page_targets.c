/* Every target: the form that filters them, and the table. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "web/markup.h"
#include "web/page_parts.h"
#include "web/spark.h"

/* Targets of one page. A thousand take about a megabyte. */
#define PAGE_TARGETS 1000

/* ---- which, and in which order ------------------------------------------------------------------------------------ */

static bool has_word(const struct page *page, size_t index, struct span word)
{
    const struct board_target *target = page->view->targets[index];
    const struct board_state_row *state = board_state_row(page->counts.states[index]);
    const char *texts[] = {target->probe, target->appserver,           target->company,
                           target->kind,  reason_name(target->reason), state->words};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (span_find_span_nocase(span_of(texts[i]), word) != NULL)
            return true;
    return false;
}

/* All of its words are to be found, in whichever text. */
static bool has_words(const struct page *page, size_t index)
{
    for (size_t i = 0; i < page->query->word_count; i++)
        if (!has_word(page, index, page->query->words[i]))
            return false;
    return true;
}

static bool is_asked_for(const struct page *page, size_t index)
{
    return (page->query->state == BOARD_STATES || page->query->state == page->counts.states[index]) &&
           has_words(page, index);
}

struct place {
    const struct board_target *target;
    enum board_state state;
    size_t index; /* in the view */
};

static int compare_sizes(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_state(const struct place *a, const struct place *b)
{
    return page_state_rank(a->state) - page_state_rank(b->state);
}

static int by_probe(const struct place *a, const struct place *b)
{
    return strcmp(a->target->probe, b->target->probe);
}

static int by_appserver(const struct place *a, const struct place *b)
{
    return strcmp(a->target->appserver, b->target->appserver);
}

/* The slowest first; what has no latency stands behind. */
static int by_latency(const struct place *a, const struct place *b)
{
    return compare_sizes((uint64_t)(b->target->ran ? b->target->duration_ns + 1 : 0),
                         (uint64_t)(a->target->ran ? a->target->duration_ns + 1 : 0));
}

static int by_next(const struct place *a, const struct place *b)
{
    return compare_sizes((uint64_t)a->target->next_run_boot_ns, (uint64_t)b->target->next_run_boot_ns);
}

static int (*const comparisons[SORTS])(const struct place *, const struct place *) = {
    [SORT_STATE] = by_state,     [SORT_PROBE] = by_probe, [SORT_APPSERVER] = by_appserver,
    [SORT_LATENCY] = by_latency, [SORT_NEXT] = by_next,
};

static int compare_places(const void *a, const void *b, void *compare)
{
    const struct place *one = a, *other = b;
    int order = (*(int (**)(const struct place *, const struct place *))compare)(one, other);

    return order != 0 ? order : compare_sizes(one->index, other->index);
}

/* Those asked for, in order. The caller frees. */
static struct place *find_places(const struct page *page, size_t *count)
{
    struct place *places = memory_new(page->view->target_count, sizeof *places);
    int (*compare)(const struct place *, const struct place *) = comparisons[page->query->sort];

    *count = 0;
    for (size_t i = 0; i < page->view->target_count; i++)
        if (is_asked_for(page, i))
            places[(*count)++] = (struct place){
                .target = page->view->targets[i], .state = page->counts.states[i], .index = i};
    qsort_r(places, *count, sizeof *places, compare_places, &compare);
    return places;
}

/* ---- the form ----------------------------------------------------------------------------------------------------- */

static void write_option(struct buffer *out, const char *key, const char *words, bool selected)
{
    buffer_format(out, "<option value=\"%s\"%s>%s</option>", key, selected ? " selected" : "", words);
}

static void write_form(const struct page *page)
{
    struct buffer *out = page->out;

    buffer_text(out,
                "<form id=\"filter\" role=\"search\" aria-label=\"Targets\" method=\"get\" action=\"./\">"
                "<label>Find <input type=\"search\" name=\"q\" maxlength=\"200\" autocomplete=\"off\" "
                "spellcheck=\"false\" placeholder=\"probe, app server, company, reason\" value=\"");
    markup_text(out, page->query->text);
    buffer_text(out, "\"></label><label>State <select name=\"state\">");
    write_option(out, "", "all", page->query->state == BOARD_STATES);
    for (int i = 0; i < BOARD_STATES; i++) {
        const struct board_state_row *row = board_state_row(page_state_order[i]);
        write_option(out, row->name, row->words, page->query->state == page_state_order[i]);
    }
    buffer_text(out, "</select></label><label>Order <select name=\"sort\">");
    for (size_t i = 0; i < SORTS; i++)
        write_option(out, page_sorts[i].key, page_sorts[i].words, page->query->sort == (enum page_sort)i);
    buffer_text(out, "</select></label>");
    if (page->query->still)
        buffer_text(out, "<input type=\"hidden\" name=\"refresh\" value=\"off\">");
    buffer_text(out, "<button>Show</button></form>\n");
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static void write_failing(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    buffer_format(out, "Failing: %s<small>%llu in a row; ", reason_name(target->reason),
                  (unsigned long long)target->consecutive_failures);
    if (target->last_success_wall_ns != 0) {
        buffer_text(out, "last good ");
        markup_moment(out, target->last_success_wall_ns, page->view->now.wall_ns);
    } else {
        buffer_text(out, "never good yet");
    }
    buffer_text(out, "</small>");
}

static void write_state(const struct page *page, const struct place *place)
{
    const struct board_target *target = place->target;
    const struct board_state_row *row = board_state_row(place->state);
    struct buffer *out = page->out;

    buffer_format(out, "<td class=\"%s\">", row->name);
    page_symbol(out, row->name);
    if (place->state == STATE_FAILING)
        write_failing(page, target);
    else
        page_state_title(out, place->state);
    if (place->state == STATE_SLOW) {
        buffer_format(out, "<small>%llu run%s above ", (unsigned long long)target->consecutive_slow_runs,
                      page_plural(target->consecutive_slow_runs));
        markup_latency(out, target->latency_limit_ns);
        buffer_text(out, "</small>");
    }
    buffer_text(out, "</td>");
}

static void write_name(const struct page *page, const struct board_target *target)
{
    struct buffer *out = page->out;

    buffer_text(out, "<th scope=\"row\"><a href=\"");
    page_target_link(page, target);
    buffer_text(out, "\">");
    markup_name(out, target->probe);
    buffer_text(out, "</a><small>");
    markup_text(out, target->appserver);
    if (target->company[0] != '\0') {
        buffer_text(out, " \xC2\xB7 ");
        markup_text(out, target->company);
    }
    buffer_text(out, " \xC2\xB7 ");
    markup_text(out, target->kind);
    buffer_text(out, "</small></th>");
}

static void write_row(const struct page *page, const struct place *place)
{
    const struct board_target *target = place->target;
    struct moment now = page->view->now;
    struct buffer *out = page->out;

    buffer_text(out, "<tr>");
    write_name(page, target);
    write_state(page, place);
    buffer_text(out, "<td>");
    if (target->ran && target->status != 0)
        buffer_format(out, "%d", target->status);
    buffer_text(out, "</td><td>");
    if (target->ran && target->duration_ns >= 0)
        markup_latency(out, target->duration_ns);
    buffer_text(out, "</td><td>");
    spark_write(target, out);
    buffer_text(out, "</td><td>");
    if (target->has_rows)
        buffer_format(out, "%llu", (unsigned long long)target->rows);
    buffer_text(out, "</td><td>");
    if (target->last_run_wall_ns != 0)
        markup_moment(out, target->last_run_wall_ns, now.wall_ns);
    buffer_text(out, "</td><td>");
    if (board_next_run_wall_ns(target, now) != 0)
        markup_moment(out, board_next_run_wall_ns(target, now), now.wall_ns);
    buffer_text(out, "</td></tr>\n");
}

static void write_page_link(const struct page *page, size_t number, const char *rel, const char *words)
{
    struct page_query query = *page->query;

    query.number = number;
    buffer_text(page->out, "<a rel=\"");
    buffer_text(page->out, rel);
    buffer_text(page->out, "\" href=\"");
    page_query_link(&query, page->out);
    buffer_format(page->out, "\">%s</a>", words);
}

/* How many are shown of how many; the links between pages where there are several. */
static void write_extent(const struct page *page, size_t found, size_t first, size_t last)
{
    struct buffer *out = page->out;
    size_t all = page->view->target_count, pages = (found + PAGE_TARGETS - 1) / PAGE_TARGETS;

    buffer_text(out, "<div class=\"ext\"><p id=\"shown\" role=\"status\">");
    if (found == 0 && all > 0)
        buffer_format(out, "None of %zu targets is like that.", all);
    else
        buffer_format(out, "%zu of %zu target%s", found, all, page_plural(all));
    buffer_text(out, "</p>");
    if (page_query_is_filtered(page->query)) {
        struct page_query query = *page->query;
        query.state = BOARD_STATES;
        query.text = (char *)"";
        query.number = 1;
        buffer_text(out, "<a id=\"all\" href=\"");
        page_query_link(&query, out);
        buffer_text(out, "\">Show all</a>");
    }
    if (pages > 1) {
        size_t number = first / PAGE_TARGETS + 1;
        buffer_format(out, "<nav aria-label=\"Pages\">%zu to %zu, page %zu of %zu ", first + 1, last, number,
                      pages);
        if (number > 1)
            write_page_link(page, number - 1, "prev", "Previous");
        if (number < pages)
            write_page_link(page, number + 1, "next", "Next");
        buffer_text(out, "</nav>");
    }
    buffer_text(out, "</div>\n");
}

void page_targets(const struct page *page)
{
    struct buffer *out = page->out;
    size_t found;
    struct place *places = find_places(page, &found);
    size_t pages = found == 0 ? 1 : (found + PAGE_TARGETS - 1) / PAGE_TARGETS;
    size_t number = page->query->number > pages ? pages : page->query->number;
    size_t first = (number - 1) * PAGE_TARGETS;
    size_t last = found - first > PAGE_TARGETS ? first + PAGE_TARGETS : found;

    buffer_text(out, "<section id=\"targets\" aria-labelledby=\"t\"><h2 id=\"t\">Targets</h2>\n");
    write_form(page);
    write_extent(page, found, first, last);
    /* data-all: every target that there is can be had on one page, so a filter needs no request. */
    buffer_format(out,
                  "<div class=\"t\" role=\"region\" aria-label=\"Table of targets\" tabindex=\"0\"><table "
                  "id=\"rows\"%s>",
                  page->view->target_count <= PAGE_TARGETS ? " data-all" : "");
    buffer_text(out,
                "<caption>Targets and their last runs</caption>\n<thead><tr><th scope=\"col\">Target</th>"
                "<th scope=\"col\">State</th><th scope=\"col\">Code</th>"
                "<th scope=\"col\">Latency</th><th scope=\"col\">Last runs</th><th scope=\"col\">Rows</th>"
                "<th scope=\"col\">Ran</th><th scope=\"col\">Next run</th></tr></thead>\n<tbody>");
    for (size_t i = first; i < last; i++)
        write_row(page, &places[i]);
    buffer_text(out, "</tbody></table></div></section>\n");
    free(places);
}
