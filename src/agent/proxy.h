/* Which proxy an order goes through: the one configured, or what the environment names. Read here and not by libcurl, which would
   match no_proxy against tls_server_name, ask the environment also where a proxy is configured, and take kinds of proxies whose TLS
   would be verified and shown a client certificate as if they were the app server. */
#ifndef AGENT_PROXY_H
#define AGENT_PROXY_H

#include "base/secret.h"

/* proxy: a URL, or "environment"; NULL: none. url: of the order. Returns the proxy's URL, which can hold a password, "" for none; it
   lives as long as the secret and the environment. NULL, and *why a static sentence, when the proxy is of a kind that cannot be
   used: http://, socks5h:// and socks5:// can; without a scheme it is http://. The variables: http_proxy (lower case only, as a
   request header becomes HTTP_PROXY in CGI), https_proxy, all_proxy, no_proxy: names with all below them, addresses, networks
   (10.0.0.0/8), * for all. */
const char *proxy_of(const struct secret *proxy, const char *url, const char **why);

#endif
