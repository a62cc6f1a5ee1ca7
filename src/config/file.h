/* The files of a configuration: one, or those of a folder. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "config/document.h"

#define FILES_MAX 1000 /* of a folder */

/* Reads into document (zeroed before) the file at path, or where path is a folder each of its files whose name ends in
   .ini, in bytewise order of their names; all of them together are at most DOCUMENT_MAX bytes. What cannot be read is a
   fault with the file's name, and makes it return false: the document is then not whole. A hidden file is passed over with
   a warning, everything else in the folder without. May block (files), but not on a FIFO. */
bool files_read(struct document *document, const char *path, struct fault_list *faults);

#endif
