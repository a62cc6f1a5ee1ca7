#include "report/fact.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* ---- of one target ---- */

static struct board_seats *seats_of(struct facts *facts, const char *company, const char *license)
{
    for (size_t i = 0; i < facts->seats_count; i++)
        if (strcmp(facts->seats[i].license, license) == 0 && strcmp(facts->seats[i].company, company) == 0)
            return &facts->seats[i];
    facts->seats = memory_grow(facts->seats, facts->seats_count + 1, sizeof *facts->seats);
    struct board_seats *seats = &facts->seats[facts->seats_count++];
    *seats = (struct board_seats){.company = memory_copy_text(company), .license = memory_copy_text(license)};
    return seats;
}

static void take(struct facts *facts, const struct findings *findings, const struct finding *finding)
{
    struct board_seats *seats;

    switch (finding->kind) {
    case FINDING_SEATS_USED:
        seats = seats_of(facts, finding_label(findings, finding, 0), finding_label(findings, finding, 1));
        seats->has_used = true;
        seats->used = finding->number;
        break;
    case FINDING_SEATS_OWNED:
        seats = seats_of(facts, finding_label(findings, finding, 0), finding_label(findings, finding, 1));
        seats->has_owned = true;
        seats->owned = finding->number;
        break;
    case FINDING_SERVER_INFO:
        free(facts->version);
        facts->version = memory_copy_text(finding_label(findings, finding, 0));
        break;
    case FINDING_PRODUCTION:
        facts->has_production = true;
        facts->production = finding->number != 0;
        break;
    default:
        break;
    }
}

struct facts *facts_of(const struct findings *findings)
{
    struct facts all = {.seats_count = 0};

    for (size_t i = 0; i < findings->count; i++)
        take(&all, findings, &findings->items[i]);
    if (all.seats_count == 0 && all.version == NULL && !all.has_production)
        return NULL;
    struct facts *facts = memory_new(1, sizeof *facts);
    *facts = all;
    return facts;
}

void facts_free(struct facts *facts)
{
    if (facts == NULL)
        return;
    for (size_t i = 0; i < facts->seats_count; i++) {
        free((char *)facts->seats[i].company);
        free((char *)facts->seats[i].license);
    }
    free(facts->seats);
    free(facts->version);
    free(facts);
}

/* ---- of an app server ---- */

static void add_seats(struct board_appserver *card, struct board_seats seats)
{
    card->seats = memory_grow((struct board_seats *)card->seats, card->seats_count + 1, sizeof seats);
    ((struct board_seats *)card->seats)[card->seats_count++] = seats;
}

void facts_begin(struct board_appserver *card, const struct appserver_settings *settings)
{
    free((struct board_seats *)card->seats);
    card->seats = NULL;
    card->seats_count = 0;
    card->version = NULL;
    card->version_until_boot_ns = 0;
    card->has_production = false;
    card->production_until_boot_ns = 0;
    for (size_t i = 0; i < settings->seats.count; i++) {
        struct board_seats seats = {.company = "",
                                    .license = settings->seats.items[i].name,
                                    .has_owned = true,
                                    .configured = true,
                                    .until_boot_ns = NEVER_NS};
        text_to_double(span_of(settings->seats.items[i].value), &seats.owned);
        add_seats(card, seats);
    }
}

void facts_add(struct board_appserver *card, const struct facts *facts)
{
    for (size_t i = 0; i < facts->seats_count; i++) {
        struct board_seats seats = facts->seats[i];
        seats.until_boot_ns = facts->until_boot_ns;
        add_seats(card, seats);
    }
    if (facts->version != NULL && facts->until_boot_ns > card->version_until_boot_ns) {
        card->version = facts->version;
        card->version_until_boot_ns = facts->until_boot_ns;
    }
    if (facts->has_production && facts->until_boot_ns > card->production_until_boot_ns) {
        card->has_production = true;
        card->production = facts->production;
        card->production_until_boot_ns = facts->until_boot_ns;
    }
}

/* ---- at a moment ---- */

static bool gives_way(const struct board_seats *configured, const struct board_seats *seats, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!seats[i].configured && seats[i].has_owned && strcmp(seats[i].license, configured->license) == 0)
            return true;
    return false;
}

/* Those of the whole server whose use alone was read. */
static struct board_seats *used_only(const char *license, struct board_seats *seats, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seats[i].company[0] == '\0' && strcmp(seats[i].license, license) == 0)
            return &seats[i];
    return NULL;
}

size_t facts_standing_seats(const struct board_appserver *card, int64_t now_boot_ns,
                            struct board_seats *seats)
{
    size_t read, count = 0;

    for (size_t i = 0; i < card->seats_count; i++)
        if (!card->seats[i].configured && now_boot_ns < card->seats[i].until_boot_ns)
            seats[count++] = card->seats[i];
    read = count;
    for (size_t i = 0; i < card->seats_count; i++) {
        const struct board_seats *one = &card->seats[i];
        if (!one->configured || gives_way(one, seats, read))
            continue;
        struct board_seats *with = used_only(one->license, seats, read);
        if (with != NULL) {
            with->has_owned = true;
            with->owned = one->owned;
        } else {
            seats[count++] = *one;
        }
    }
    return count;
}
