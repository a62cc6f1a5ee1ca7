/* $metadata of a service, a BAQ or a company: which typed properties and parameters it declares (facts §5.2; OData CSDL 3 and
   4). Read as it arrives, in bounded memory. */
#ifndef KINETIC_EDMX_H
#define KINETIC_EDMX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDMX_NAMES_MAX      16384      /* typed names kept */
#define EDMX_NAME_BYTES_MAX (1u << 20) /* bytes of them together */
#define EDMX_NAME_MAX       512        /* bytes of one part of a name; a longer one is left out */

/* What a document declares. */
struct edmx_summary {
    const char *wrong;     /* NULL; or why it is no EDMX document, for people */
    uint64_t entity_types; /* with the same name counted each */
    uint64_t properties;   /* of entity and complex types */
    /* "Part.PartNum Edm.String" of properties, "GetList(whereClause) Edm.String" of parameters, "GetList() Collection(...)" of
       what is returned, "Parts: Erp.Part" of entity sets. Of a document with more than EDMX_NAMES_MAX of them in their place one
       a type or function, "Part: 212 declarations, 1f0c..." (a digest of all that it declares, whatever their order), so that a
       change still shows. */
    const char *const *names;
    size_t name_count;
    bool digests;    /* they are those in place of more than EDMX_NAMES_MAX */
    bool incomplete; /* there were more even of those, or one that was too long */
};

struct edmx;

struct edmx *edmx_new(void);
void edmx_free(struct edmx *edmx); /* may be NULL */
/* Begins anew. */
void edmx_restart(struct edmx *edmx);
void edmx_feed(struct edmx *edmx, const void *bytes, size_t size);
/* The document ends here. The summary lives as long as the reader, or until it is restarted. */
const struct edmx_summary *edmx_finish(struct edmx *edmx);

#endif
