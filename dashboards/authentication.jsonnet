// Can the agent log in, and for how long still?
local lib = import 'lib.libsonnet';
local a = lib.appserver;
local left(metric) = '%s{%s} - time()' % [metric, a];
local days = lib.thresholds([[null, lib.bad], [3 * 86400, lib.warn], [14 * 86400, lib.good]]);

lib.board('authentication', 'Authentication', 'Tokens, keys, certificates and clocks: can the agent log in, and for how long still?', 3, [
  lib.stat('Which token ends first?', 'Time left of the token that lives shortest; 0 while an app server has none.', 'min(epicor_token_remaining_seconds{%s})' % a, 's', 6) + lib.thresholds([[null, lib.bad], [1, lib.good]]),
  lib.stat('Which certificate ends first?', 'Time left of the earliest expiry in all certificate chains.', 'min(%s)' % left('epicor_tls_certificate_expiry_timestamp_seconds'), 's', 6) + days,
  lib.stat('Which API key ends first?', 'Time left of the API key that expires next, where a probe of the kind api_keys reads them.', 'min(%s)' % left('epicor_api_key_expiry_timestamp_seconds'), 's', 6) + days,
  lib.stat('How many logins are held back?', 'App servers to which no credential is sent at present, because the last was refused.', 'count(epicor_login_blocked_until_timestamp_seconds{%s} > time()) or vector(0)' % a, 'none', 6) + lib.thresholds([[null, lib.good], [1, lib.bad]]),

  lib.graph('How long do the tokens live still?', 'A saw: each tooth is a renewal. A tooth that reaches 0 is a gap.', [lib.query('epicor_token_remaining_seconds{%s}' % a, '{{appserver}}')], 's') + lib.limits(0),
  lib.graph('How often are tokens asked for?', 'Token requests an hour, and those that failed.', [
    lib.query('3600 * sum by (appserver) (rate(epicor_token_requests_total{%s}[$__rate_interval]))' % a, '{{appserver}} asked'),
    lib.query('3600 * sum by (appserver) (rate(epicor_token_failures_total{%s}[$__rate_interval])) > 0' % a, '{{appserver}} failed'),
  ], 'short') + lib.limits(0),
  lib.table('Why do token requests fail?', 'The reason of the last request, while it stands. No row: none fails.', [lib.rows('max by (appserver, reason) (epicor_token_failure_reason{%s})' % a)], [['appserver', 'App server'], ['reason', 'Reason'], ['Value', 'Fails', 'none', lib.cell({ '1': ['fails', lib.bad] })]], 12, 8),
  lib.graph('How long does a token request take?', 'Nine tenths of the token requests took less.', [lib.query('histogram_quantile(0.9, sum by (appserver, le) (rate(epicor_token_request_duration_seconds_bucket{%s}[1h])))' % a, '{{appserver}}')], 's') + lib.limits(0),
  lib.graph('Who is refused, and how?', 'Requests that failed because of who asked, by reason.', [lib.query('sum by (appserver, reason) (rate(epicor_auth_failures_total{%s}[$__rate_interval])) > 0' % a, '{{appserver}} {{reason}}')], 'ops') + lib.stacked,
  lib.graph('Which probes get 401, 403 or 503?', 'Answers a second with these codes.', [lib.query('sum by (probe, code) (rate(epicor_probe_responses_total{%s, code=~"401|403|503"}[$__rate_interval])) > 0' % a, '{{probe}} {{code}}')], 'ops') + lib.stacked,
  lib.graph('How often was a living token refused?', 'Logins an hour that were needed because the server refused a token before its time.', [lib.query('3600 * sum by (appserver) (rate(epicor_reauthentications_total{%s}[$__rate_interval]))' % a, '{{appserver}}')], 'short') + lib.limits(0),
  lib.graph('How far apart are the clocks?', "The server's Date minus the agent's clock.", [lib.query('epicor_clock_skew_seconds{%s}' % a, '{{appserver}}')], 's'),
  lib.table('What expires, and when?', 'Certificates and API keys, the next first.', [lib.rows('sort(min by (appserver, certificate, key) (%s or %s))' % [left('epicor_tls_certificate_expiry_timestamp_seconds'), left('epicor_api_key_expiry_timestamp_seconds')])], [['appserver', 'App server'], ['certificate', 'Certificate'], ['key', 'API key'], ['Value', 'Time left', 's']], 24, 8),
])
