// Can the agent be trusted?
local lib = import 'lib.libsonnet';
local i = lib.agent;
// What other programs show too, of the agents alone; one that is gone was an agent a day ago.
local agents = 'on (job, instance) epicor_exporter_build_info{%s}' % i;
local lately = 'on (job, instance) last_over_time(epicor_exporter_build_info{%s}[1d])' % i;
local up = 'up{%s} and %s' % [i, lately];
local none = lib.thresholds([[null, lib.good], [1, lib.bad]]);

lib.board('agent', 'Agent', 'The monitoring agent itself: can what it tells be trusted?', 2, [
  lib.stat('Agents gone?', 'Agents of the last day that Prometheus cannot scrape now.', 'count(%s == 0) or 0 * count(%s)' % ['(' + up + ')', up]) + none,
  lib.stat('Old configuration?', 'Agents whose last reload found faults: the configuration before it is still in force.', 'count(epicor_exporter_config_last_reload_successful{%s} == 0) or 0 * count(epicor_exporter_config_last_reload_successful{%s})' % [i, i]) + none,
  lib.stat('Late by?', 'The hundredth of the runs of the last 5 minutes that was latest, from due until ready to be sent; waiting for a place not counted.', 'max(instance:epicor_exporter_run_lateness_seconds:p99_5m{%s})' % i, 's') + lib.thresholds([[null, lib.good], [0.1, lib.warn], [1, lib.bad]]),
  lib.stat('Runs left out?', 'Runs of the last 5 minutes that were not made: the last one was still going, or no place toward the app server was free.', 'sum(increase(epicor_exporter_runs_skipped_total{%s}[$__rate_interval]))' % i) + lib.thresholds([[null, lib.good], [1, lib.warn]]) + lib.decimals(0) + lib.quarter('75s'),
  lib.stat('Series left out?', 'Series beyond max_series and other bounds, now.', 'sum(epicor_exporter_series_dropped{%s}) or 0 * count(epicor_exporter_build_info{%s})' % [i, i]) + lib.thresholds([[null, lib.good], [1, lib.warn]]),
  lib.stat('Targets watched?', 'A probe on an app server, for a company, is one; what two agents watch counts once.', 'count(max by (appserver, company, probe) (epicor_probe_info{%s}))' % i) + lib.thresholds([[null, lib.calm]]),

  lib.table(
    'How is each agent?',
    'Whether Prometheus reaches it, its version and revision, since when it runs, when the configuration in force was read, its targets and the lines of its page.',
    [
      lib.rows('max by (instance) (%s)' % up),
      lib.rows('max by (instance, version, revision) (last_over_time(epicor_exporter_build_info{%s}[1d]))' % i),
      lib.rows('max by (instance) (time() - process_start_time_seconds{%s} and %s)' % [i, agents]),
      lib.rows('max by (instance) (time() - epicor_exporter_config_last_reload_success_timestamp_seconds{%s})' % i),
      lib.rows('max by (instance) (epicor_exporter_targets{%s})' % i),
      lib.rows('max by (instance) (epicor_exporter_series{%s})' % i),
    ],
    [
      ['instance', 'Agent', 'none', lib.least(150)],
      ['Value #A', 'State', 'none', lib.cell({ '0': ['gone', lib.bad], '1': ['up', lib.good] }) + lib.wide(80)],
      ['version', 'Version', 'none', lib.least(100)],
      ['revision', 'Revision', 'none', lib.least(120)],
      ['Value #C', 'Runs since', 's', lib.wide(120)],
      ['Value #D', 'Configured since', 's', lib.wide(140)],
      ['Value #E', 'Targets', 'none', lib.wide(90)],
      ['Value #F', 'Series', 'none', lib.wide(90)],
    ],
    24, 6, ['Value #B']
  ) + lib.sorted('State'),

  lib.graph('Is it late?', 'Due until ready to be sent, waiting for a place not counted: half of the runs, and 99 %, were less late.', [
    lib.query('histogram_quantile(0.5, sum by (instance, le) (rate(epicor_exporter_run_lateness_seconds_bucket{%s}[$__rate_interval])))' % i, '{{instance}} half'),
    lib.query('histogram_quantile(0.99, sum by (instance, le) (rate(epicor_exporter_run_lateness_seconds_bucket{%s}[$__rate_interval])))' % i, '{{instance}} 99 %'),
  ], 's') + lib.limits(0) + lib.dashed('/ half$/'),
  lib.graph('Which runs were left out, and why?', 'Runs a minute: overrun, the last one was still going; gate, never got a place toward the app server.', [lib.query('60 * sum by (appserver, cause) (rate(epicor_exporter_runs_skipped_total{%s}[$__rate_interval])) > 0' % i, '{{appserver}} {{cause}}')], 'a minute') + lib.stacked + lib.otherwise('No run was left out.'),
  lib.graph('How many requests go, and how many wait?', 'Toward the app servers, within the bound of max_in_flight; dashed those that wait for a place.', [
    lib.query('sum by (appserver) (epicor_requests_in_flight{%s})' % i, '{{appserver}} in flight'),
    lib.query('sum by (appserver) (epicor_requests_waiting{%s})' % i, '{{appserver}} waiting'),
  ], 'short') + lib.limits(0) + lib.dashed('/ waiting$/'),
  lib.graph('How long do runs wait for a place?', 'Nine tenths of the requests waited less.', [lib.query('histogram_quantile(0.9, sum by (appserver, le) (rate(epicor_request_wait_seconds_bucket{%s}[$__rate_interval])))' % i, '{{appserver}}')], 's') + lib.limits(0),
  lib.graph('How many new connections, and how many broke?', 'New connections a minute toward each app server; dashed requests repeated because a kept one had died.', [
    lib.query('60 * sum by (appserver) (rate(epicor_connections_opened_total{%s}[$__rate_interval]))' % i, '{{appserver}} opened'),
    lib.query('60 * sum by (appserver) (rate(epicor_resends_total{%s}[$__rate_interval]))' % i, '{{appserver}} repeated'),
  ], 'a minute') + lib.limits(0) + lib.dashed('/ repeated$/'),
  lib.graph('How long does a turn of its loop take?', 'The hundredth that took longest; above 0.1 s the log tells it.', [lib.query('histogram_quantile(0.99, sum by (instance, le) (rate(epicor_exporter_turn_seconds_bucket{%s}[$__rate_interval])))' % i, '{{instance}}')], 's') + lib.limits(0),
  lib.graph('How much memory does it take?', 'Resident memory.', [lib.query('process_resident_memory_bytes{%s} and %s' % [i, agents], '{{instance}}')], 'bytes') + lib.limits(0),
  lib.graph('How much processor time does it take?', 'Of one core.', [lib.query('rate(process_cpu_seconds_total{%s}[$__rate_interval]) and %s' % [i, agents], '{{instance}}')], 'percentunit') + lib.limits(0),
  lib.graph('Who asks it?', 'HTTP requests a minute by path and code.', [lib.query('60 * sum by (path, code) (rate(epicor_exporter_http_requests_total{%s}[$__rate_interval])) > 0' % i, '{{path}} {{code}}')], 'a minute') + lib.limits(0),
  lib.graph('How large are its pages?', 'Bytes of the last answer by path, before they are compressed.', [lib.query('max by (path) (epicor_exporter_http_response_bytes{%s}) > 0' % i, '{{path}}')], 'bytes') + lib.limits(0),
  lib.graph('What does it log?', 'Lines a minute by level.', [lib.query('60 * sum by (level) (rate(epicor_exporter_log_messages_total{%s}[$__rate_interval]))' % i, '{{level}}')], 'a minute') + lib.stacked
  + lib.coloured('debug', lib.grey) + lib.coloured('info', lib.calm) + lib.coloured('warn', lib.warn) + lib.coloured('error', lib.bad),
  lib.graph('How many descriptors does it hold?', 'Open files and sockets.', [lib.query('process_open_fds{%s} and %s' % [i, agents], '{{instance}}')], 'short') + lib.limits(0),
])
