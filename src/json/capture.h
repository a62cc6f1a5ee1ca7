/* What a plan takes out of a text: which names lead where, the values kept, the column set. It is told of names and
   values by the grammar and knows nothing of syntax. Private to this folder. */
#ifndef JSON_CAPTURE_H
#define JSON_CAPTURE_H

#include "json/columns.h"
#include "json/scanner.h"

/* Bounded bytes that remember that there was more. */
struct capture_text {
    char *bytes; /* NULL until something came; else a NUL follows */
    size_t size, capacity, maximum;
    bool overlong;
};

/* A step of a path. All paths of a plan are merged into one tree; node 0 is "leads nowhere", node 1 the root. */
struct capture_node {
    const char *name;
    size_t name_size;
    uint16_t child, sibling;
    bool is_rows;
    size_t member; /* 1-based index of the first of the plan's members that is this path; 0: none */
};

struct capture {
    const struct json_plan *plan;
    struct capture_node *nodes;
    uint16_t node_count;
    uint16_t node_at[JSON_DEPTH_MAX + 1]; /* of each open container */
    uint16_t node;                        /* of the value that comes next or is being read */
    bool by_name; /* that value is a member of an object or the root, no array's element */
    size_t field; /* 1-based index of the row's field it is; 0: none */
    size_t field_of_size
        [64]; /* 1-based index of the first field whose name has so many bytes, modulo 64; 0: none */
    size_t *field_next;  /* of each field, the next of such; 0: none */
    size_t *field_sizes; /* of each field's name */

    struct capture_text name;  /* the member name being read */
    struct capture_text *sink; /* where the string or number being read is kept; NULL: nowhere */

    struct json_value *members, *fields;
    size_t *same_member; /* of each member, the index of the first with the same path */
    struct capture_text *member_texts, *field_texts;
    struct json_value *value_member, *value_field; /* of the value being read; NULL: none */
    struct columns columns;
};

void capture_init(struct capture *capture, const struct json_plan *plan);
void capture_free(struct capture *capture);

/* Fills in the members and columns of the result. */
void capture_finish(struct capture *capture, struct json_result *result);

/* Does this container hold anything wanted? */
bool capture_wants(const struct capture *capture, bool object, uint32_t depth, uint32_t rows_depth,
                   uint64_t rows_begun);

/* A member's name begins; it is kept if wanted. It has ended: finds out where its value leads. */
void capture_name_begin(struct capture *capture, bool wanted);
void capture_name_end(struct capture *capture, uint32_t depth, bool in_row, uint64_t rows_begun);

/* The 1-based index of the field of this name; 0: it is none. */
size_t capture_find_field(const struct capture *capture, const char *name, size_t size);

/* Takes a whole value of a field (1-based index) of which bytes are the text, without escapes; a container: its kind. */
void capture_field(struct capture *capture, size_t field, enum json_kind kind, const void *bytes,
                   size_t size);

/* A value begins (kind is final for containers); a scalar has ended. */
void capture_value_begin(struct capture *capture, enum json_kind kind);
void capture_value_end(struct capture *capture, enum json_kind kind);

/* A row begins: no field has been seen. */
void capture_row_begin(struct capture *capture);

/* Keeps bytes of the name, string or number being read, if there is a sink. */
void capture_bytes(struct capture *capture, const void *bytes, size_t size);
void capture_character(struct capture *capture, uint32_t code_point);

#endif
