// Can the agent be trusted?
local lib = import 'lib.libsonnet';
local i = lib.agent;

lib.board('agent', 'Agent', 'The monitoring agent itself: can what it tells be trusted?', 2, [
  lib.stat('Agents not scraped?', 'Agents that Prometheus cannot scrape.', 'count(up{%s} == 0) or vector(0)' % i, 'none', 4) + lib.thresholds([[null, lib.good], [1, lib.bad]]),
  lib.stat('Old configuration?', 'Agents whose last reload found faults: the configuration before it is still in force.', 'count(epicor_exporter_config_last_reload_successful{%s} == 0) or vector(0)' % i, 'none', 4) + lib.thresholds([[null, lib.good], [1, lib.bad]]),
  lib.stat('Configured since?', 'Time since the last good reload or start.', 'min(time() - epicor_exporter_config_last_reload_success_timestamp_seconds{%s})' % i, 's', 4) + lib.thresholds([[null, lib.calm]]),
  lib.stat('Targets watched?', 'A probe on an app server, for a company, is one.', 'sum(epicor_exporter_targets{%s})' % i, 'short', 4) + lib.thresholds([[null, lib.calm]]),
  lib.stat('Series shown?', 'Lines of its metrics page.', 'sum(epicor_exporter_series{%s})' % i, 'short', 4) + lib.thresholds([[null, lib.calm]]),
  lib.stat('Series left out?', 'Series beyond max_series and other bounds, now.', 'sum(epicor_exporter_series_dropped{%s}) or vector(0)' % i, 'short', 4) + lib.thresholds([[null, lib.good], [1, lib.warn]]),

  lib.graph('Is it late?', 'Due until ready to be sent, waiting for a place not counted: the half and the hundredth that were latest.', [
    lib.query('histogram_quantile(0.5, sum by (instance, le) (rate(epicor_exporter_run_lateness_seconds_bucket{%s}[$__rate_interval])))' % i, '{{instance}} half'),
    lib.query('histogram_quantile(0.99, sum by (instance, le) (rate(epicor_exporter_run_lateness_seconds_bucket{%s}[$__rate_interval])))' % i, '{{instance}} 99 %'),
  ], 's') + lib.limits(0),
  lib.graph('Which runs were left out?', 'Runs a minute: overrun, the last one was still going; gate, never got a place toward the app server.', [lib.query('60 * sum by (appserver, cause) (rate(epicor_exporter_runs_skipped_total{%s}[$__rate_interval])) > 0' % i, '{{appserver}} {{cause}}')], 'short') + lib.stacked,
  lib.graph('How many requests go, and how many wait?', 'Toward the app servers, by the bound of max_in_flight.', [
    lib.query('sum by (appserver) (epicor_requests_in_flight{%s})' % i, '{{appserver}} in flight'),
    lib.query('sum by (appserver) (epicor_requests_waiting{%s})' % i, '{{appserver}} waiting'),
  ], 'short') + lib.limits(0),
  lib.graph('How long do runs wait for a place?', 'Nine tenths waited less.', [lib.query('histogram_quantile(0.9, sum by (appserver, le) (rate(epicor_request_wait_seconds_bucket{%s}[$__rate_interval])))' % i, '{{appserver}}')], 's') + lib.limits(0),
  lib.graph('How much memory does it take?', 'Resident memory.', [lib.query('process_resident_memory_bytes{%s}' % i, '{{instance}}')], 'bytes') + lib.limits(0),
  lib.graph('How much processor time does it take?', 'Of one core.', [lib.query('rate(process_cpu_seconds_total{%s}[$__rate_interval])' % i, '{{instance}}')], 'percentunit') + lib.limits(0),
  lib.graph('How long does a turn of its loop take?', 'The hundredth that took longest; above 0.1 s the log tells it.', [lib.query('histogram_quantile(0.99, sum by (instance, le) (rate(epicor_exporter_turn_seconds_bucket{%s}[$__rate_interval])))' % i, '{{instance}}')], 's') + lib.limits(0),
  lib.graph('How many new connections?', 'New connections a minute toward each app server, and requests repeated because a kept one had died.', [
    lib.query('60 * sum by (appserver) (rate(epicor_connections_opened_total{%s}[$__rate_interval]))' % i, '{{appserver}} opened'),
    lib.query('60 * sum by (appserver) (rate(epicor_resends_total{%s}[$__rate_interval])) > 0' % i, '{{appserver}} repeated'),
  ], 'short') + lib.limits(0),
  lib.graph('Who asks it?', 'HTTP requests a second by path and code.', [lib.query('sum by (path, code) (rate(epicor_exporter_http_requests_total{%s}[$__rate_interval]))' % i, '{{path}} {{code}}')], 'reqps') + lib.limits(0),
  lib.graph('How large are its pages?', 'Bytes of the last answer by path.', [lib.query('max by (path) (epicor_exporter_http_response_bytes{%s})' % i, '{{path}}')], 'bytes') + lib.limits(0),
  lib.graph('What does it log?', 'Lines a minute by level.', [lib.query('60 * sum by (level) (rate(epicor_exporter_log_messages_total{%s}[$__rate_interval]))' % i, '{{level}}')], 'short') + lib.stacked,
  lib.table('Which version runs where?', 'Version and revision of each agent.', [lib.rows('max by (instance, version, revision) (epicor_exporter_build_info{%s})' % i)], [['instance', 'Agent'], ['version', 'Version'], ['revision', 'Revision']], 12, 8),
])
