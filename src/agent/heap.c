#include "agent/heap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

void heap_free(struct heap *heap)
{
    free(heap->nodes);
    *heap = (struct heap){0};
}

static void heap_put(struct heap *heap, size_t index, struct heap_node *node)
{
    heap->nodes[index] = node;
    node->place = index + 1;
}

static void heap_rise(struct heap *heap, size_t index)
{
    struct heap_node *node = heap->nodes[index];
    while (index > 0 && heap->nodes[(index - 1) / 2]->key > node->key) {
        heap_put(heap, index, heap->nodes[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    heap_put(heap, index, node);
}

static void heap_sink(struct heap *heap, size_t index)
{
    struct heap_node *node = heap->nodes[index];
    for (size_t child; (child = 2 * index + 1) < heap->count; index = child) {
        if (child + 1 < heap->count && heap->nodes[child + 1]->key < heap->nodes[child]->key)
            child++;
        if (heap->nodes[child]->key >= node->key)
            break;
        heap_put(heap, index, heap->nodes[child]);
    }
    heap_put(heap, index, node);
}

void heap_push(struct heap *heap, struct heap_node *node, int64_t key)
{
    assert(!heap_holds(node));
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? 2 * heap->capacity : 16;
        heap->nodes = memory_grow(heap->nodes, heap->capacity, sizeof(struct heap_node *));
    }
    node->key = key;
    heap_put(heap, heap->count, node);
    heap_rise(heap, heap->count++);
}

void heap_remove(struct heap *heap, struct heap_node *node)
{
    if (!heap_holds(node))
        return;
    size_t index = node->place - 1;
    assert(index < heap->count && heap->nodes[index] == node);
    struct heap_node *last = heap->nodes[--heap->count];
    node->place = 0;
    if (last == node)
        return;
    heap_put(heap, index, last);
    heap_rise(heap, index);
    heap_sink(heap, last->place - 1);
}

void heap_move(struct heap *heap, struct heap_node *node, int64_t key)
{
    heap_remove(heap, node);
    heap_push(heap, node, key);
}
