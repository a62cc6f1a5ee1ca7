// Can the agent log in, and for how long still?
local lib = import 'lib.libsonnet';
local a = lib.appserver;
local left(metric) = '%s{%s} - time()' % [metric, a];
local days = [[null, lib.bad], [3 * 86400, lib.warn], [14 * 86400, lib.good]];
local none = lib.thresholds([[null, lib.good], [1, lib.bad]]);
// What refuses a caller, by the last token request or as the verdict; replicas of the agent count once.
local refused = 'max by (appserver, reason) (epicor_token_failure_reason{%s} or on (job, instance, appserver) epicor_appserver_failure_reason{%s, reason=~"credentials|api_key|token_rejected|unauthorized|identity_provider"})' % [a, a];
local all = 'min by (appserver) (epicor_up{%s})' % a;
local blocked = 'max by (appserver) (epicor_login_blocked_until_timestamp_seconds{%s} - time() > 0)' % a;
local expires = 'min by (appserver, kind, certificate, key) (label_replace(%s, "kind", "certificate", "", "") or label_replace(%s, "kind", "API key", "", ""))' % [left('epicor_tls_certificate_expiry_timestamp_seconds'), left('epicor_api_key_expiry_timestamp_seconds')];

lib.board('authentication', 'Authentication', 'Tokens, keys, certificates and clocks: can the agent log in, and for how long still?', 3, [
  lib.stat('Logins failing?', 'App servers at which the last token request failed, for whatever reason, or every request fails because of who asks.', 'count(count by (appserver) (%s)) or 0 * count(%s)' % [refused, all]) + none,
  lib.stat('Logins held back?', 'App servers to which no credential is sent at present, because the last was refused: so no account is locked by the agent.', 'count(%s) or 0 * count(%s)' % [blocked, all]) + none,
  lib.stat('First token to end?', 'Time left of the token that lives shortest; 0 while an app server has none.', 'min(epicor_token_remaining_seconds{%s})' % a, 's') + lib.thresholds([[null, lib.bad], [1, lib.good]]),
  lib.stat('First certificate?', 'Time left of the certificate that expires first, of those in all chains seen.', 'min(%s)' % left('epicor_tls_certificate_expiry_timestamp_seconds'), 's') + lib.thresholds(days) + lib.otherwise('no TLS'),
  lib.stat('First API key?', 'Time left of the API key that expires first, where a probe of the kind api_keys reads them.', 'min(%s)' % left('epicor_api_key_expiry_timestamp_seconds'), 's') + lib.thresholds(days) + lib.otherwise('not read'),
  lib.stat('Clocks apart by?', 'The largest difference between the clock of an app server and that of the agent; more than 30 s can make tokens invalid.', 'max(abs(epicor_clock_skew_seconds{%s}))' % a, 's') + lib.thresholds([[null, lib.good], [5, lib.warn], [30, lib.bad]]),

  lib.table(
    'Can the agent log in everywhere, and if not, why?',
    'By the last token request, or by the verdict where every request is refused because of who asks; not known while the app server is down for another reason. Until when no credential is sent, and how long the token still lives.',
    [
      // Nothing refuses a caller at an app server that is down, nor lets one in.
      lib.rows('0 * %s or on (appserver) 1 + %s' % [refused, all]),
      lib.rows('max by (appserver) (epicor_token_consecutive_failures{%s})' % a),
      lib.rows(blocked),
      lib.rows('min by (appserver) (epicor_token_remaining_seconds{%s})' % a),
    ],
    [
      ['appserver', 'App server', 'none', lib.least(100)],
      ['Value #A', 'Login', 'none', lib.cell({ '0': ['fails', lib.bad], '1': ['not known', lib.grey], '2': ['good', lib.good] }) + lib.wide(95)],
      ['reason', 'Why', 'none', lib.least(120)],
      ['Value #B', 'In a row', 'none', lib.wide(75)],
      ['Value #C', 'Held back', 's', lib.wide(90)],
      ['Value #D', 'Token left', 's', lib.wide(95)],
    ],
    12, 8
  ) + lib.sorted('Login'),
  lib.table(
    'What expires, and when?',
    'Certificates and API keys, the next first. No data: none are known.',
    [lib.rows(expires)],
    [
      ['appserver', 'App server', 'none', lib.least(90)],
      ['kind', 'What', 'none', lib.wide(95)],
      ['certificate', 'Of', 'none', lib.least(100)],
      ['key', 'Name', 'none', lib.least(100)],
      ['Value', 'Time left', 's', lib.ground(days) + lib.wide(110)],
    ],
    12, 8
  ) + lib.sorted('Time left'),

  lib.graph('How long do the tokens live still?', 'A saw: each tooth is a renewal. A tooth that reaches 0 is a gap without a token.', [lib.query('min by (appserver) (epicor_token_remaining_seconds{%s})' % a, '{{appserver}}')], 's') + lib.limits(0),
  lib.graph('How long does a token request take?', 'Nine tenths of the token requests took less.', [lib.query('histogram_quantile(0.9, sum by (appserver, le) (rate(epicor_token_request_duration_seconds_bucket{%s}[$__rate_interval])))' % a, '{{appserver}}') + lib.step('5m')], 's') + lib.limits(0),
  lib.graph('How often are tokens asked for, and in vain?', 'Token requests an hour; dashed those that failed.', [
    lib.query('3600 * sum by (appserver) (rate(epicor_token_requests_total{%s}[$__rate_interval]))' % a, '{{appserver}} asked'),
    lib.query('3600 * sum by (appserver) (rate(epicor_token_failures_total{%s}[$__rate_interval])) > 0' % a, '{{appserver}} failed'),
  ], 'an hour') + lib.limits(0) + lib.dashed('/ failed$/'),
  lib.timeline('Why did token requests fail, and when?', 'Each reason while the last token request had failed by it.', [lib.query('max by (appserver, reason) (epicor_token_failure_reason{%s})' % a, '{{appserver}}: {{reason}}')], 12, 8) + lib.words({ '1': ['failed by this', lib.bad] }) + lib.otherwise('No token request failed.'),
  lib.graph('Who is refused, and how?', 'Requests a minute that failed because of who asked, by reason.', [lib.query('60 * sum by (appserver, reason) (rate(epicor_auth_failures_total{%s}[$__rate_interval])) > 0' % a, '{{appserver}} {{reason}}')], 'a minute') + lib.stacked + lib.otherwise('Nobody was refused.'),
  lib.graph('Which probes get 401, 403 or 503?', 'Answers a minute with these codes.', [lib.query('60 * sum by (appserver, probe, code) (rate(epicor_probe_responses_total{%s, code=~"401|403|503"}[$__rate_interval])) > 0' % a, '{{appserver}} {{probe}} {{code}}')], 'a minute') + lib.stacked + lib.otherwise('No such answer.'),
  lib.graph('How often was a living token refused?', 'Logins an hour that were needed because the server refused a token before its time.', [lib.query('3600 * sum by (appserver) (rate(epicor_reauthentications_total{%s}[$__rate_interval]))' % a, '{{appserver}}')], 'an hour') + lib.limits(0) + lib.span(0, 1),
  lib.graph('How far apart are the clocks?', "The server's Date, in whole seconds, minus the agent's clock.", [lib.query('max by (appserver) (epicor_clock_skew_seconds{%s})' % a, '{{appserver}}')], 's') + lib.span(-2, 2),
])
