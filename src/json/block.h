/* The block roads: they prove that 64 bytes at a time are valid, where nothing inside the innermost containers is
   wanted but the number of rows. Private to this folder. How: block_prove.h. */
#ifndef JSON_BLOCK_H
#define JSON_BLOCK_H

#include "json/state.h"

enum { BLOCK_SIZE = 64 };

/* Reads on from a place between tokens or inside a string, as far as it can prove. Returns how far it came; there
   are less than BLOCK_SIZE bytes left, or the grammar must take over for a while. */
const uint8_t *block_read_portable(struct json_scanner *scanner, const uint8_t *bytes, const uint8_t *end);

#if defined(__x86_64__)
const uint8_t *block_read_avx2(struct json_scanner *scanner, const uint8_t *bytes, const uint8_t *end);
bool block_has_avx2(void);
#endif

#endif
