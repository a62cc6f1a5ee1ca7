/* A min-heap of nodes that live inside what they belong to. Push, pop and remove cost O(log n). */
#ifndef AGENT_HEAP_H
#define AGENT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
    int64_t key;
    size_t place; /* 1 and up while in a heap; 0: in none */
};

struct heap {
    struct heap_node **nodes; /* the first is the smallest */
    size_t count, capacity;
};

void heap_free(struct heap *heap); /* the nodes are their owners' */

/* The node must be in no heap. */
void heap_push(struct heap *heap, struct heap_node *node, int64_t key);
/* Allowed for a node that is in no heap. */
void heap_remove(struct heap *heap, struct heap_node *node);
/* Pushes it, or moves it to another key. */
void heap_move(struct heap *heap, struct heap_node *node, int64_t key);

/* The smallest; NULL when empty. */
static inline struct heap_node *heap_first(const struct heap *heap)
{
    return heap->count > 0 ? heap->nodes[0] : NULL;
}

static inline bool heap_holds(const struct heap_node *node)
{
    return node->place != 0;
}

/* The struct that holds the node as this member. */
#define HEAP_OWNER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
