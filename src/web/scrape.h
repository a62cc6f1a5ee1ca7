/* What a scrape of the telemetry path gets. */
#ifndef WEB_SCRAPE_H
#define WEB_SCRAPE_H

#include "web/request.h"

#define SCRAPE_NAMES_MAX 128 /* name[] of one query */

/* The series in the format that its Accept header wants; of the families that its query names (name[]=a&name[]=b), of all where
   it names none. A query that cannot be read, or has too many names, is answered 400. */
void scrape_answer(const struct web_request *request, struct web_answer *answer);

#endif
