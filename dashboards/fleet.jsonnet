// Is it well, and if not, why?
local lib = import 'lib.libsonnet';
local by = 'sum by (appserver, company, probe)';
local good = lib.thresholds([[null, lib.good], [1, lib.bad]]);
local ratio = lib.thresholds([[null, lib.bad], [0.99, lib.warn], [0.995, lib.good]]) + lib.limits(0, 1) + lib.decimals(2);
local availability(range) = '1 - sum(increase(epicor_probe_failures_total{%s}[%s])) / sum(increase(epicor_probe_runs_total{%s}[%s]))' % [lib.target, range, lib.target, range];
local in_hours(metric) = 'sum(sum_over_time((rate(%s{%s}[5m]) * on (job, instance, appserver) group_left () epicor_business_hours{%s})[30d:5m]))' % [metric, lib.target, lib.appserver];

lib.board('fleet', 'Fleet', 'Every app server and every target: is it well, and if not, why?', 5, [
  lib.stat('App servers down?', 'App servers of which every request has failed since the last good answer.', 'count(epicor_up{%s} == 0) or vector(0)' % lib.appserver) + good,
  lib.stat('Targets failing?', 'Targets (a probe on an app server, for a company) whose last run failed.', 'count(epicor_probe_success{%s} == 0) or vector(0)' % lib.target) + good,
  lib.stat('Alerts firing?', 'Alerts of epicor.rules.yml that fire now, in Prometheus itself.', 'count(ALERTS{alertstate="firing", alertname=~"Epicor.+"}) or vector(0)') + lib.thresholds([[null, lib.good], [1, lib.warn]]),
  lib.stat('Good runs, a day?', 'Share of the runs of the selected targets that succeeded.', availability('1d'), 'percentunit') + ratio,
  lib.stat('Good runs, 30 days?', 'Share of the runs that succeeded, all hours counted.', availability('30d'), 'percentunit') + ratio,
  lib.stat('Budget left?', 'Of the 0.5 % of runs that may fail in 30 days: the share that has not been used up. Below 0 the objective is missed.', '1 - (1 - (%s)) / 0.005' % availability('30d'), 'percentunit') + lib.thresholds([[null, lib.bad], [0, lib.warn], [0.25, lib.good]]) + lib.decimals(0),

  lib.table(
    'Which app server fails, and why?',
    'The verdict of the agent: one reason while every request has failed since the last good answer. No row: none fails.',
    [lib.rows('max by (appserver, reason) (epicor_appserver_failure_reason{%s})' % lib.appserver)],
    [['appserver', 'App server'], ['reason', 'Reason'], ['Value', 'Fails', 'none', lib.cell({ '1': ['fails', lib.bad] })]],
    12, 6
  ),
  lib.table(
    'Which target fails, and why?',
    'The reason of the last run, and how many have failed in a row. No row: none fails.',
    [lib.rows('max by (appserver, company, probe, reason) (epicor_probe_failure_reason{%s} * ignoring (reason) group_left () epicor_probe_consecutive_failures{%s})' % [lib.target, lib.target])],
    [['appserver', 'App server'], ['company', 'Company'], ['probe', 'Probe'], ['reason', 'Reason'], ['Value', 'Failed in a row', 'none']],
    12, 6
  ),

  lib.timeline(
    'When was each app server up?',
    'Down while every request has failed since the last good answer; grey: nothing was asked.',
    [lib.query('max by (appserver) (epicor_up{%s})' % lib.appserver, '{{appserver}}')],
    24, 6
  ) + lib.words({ '0': ['down', lib.bad], '1': ['up', lib.good] }),

  lib.table(
    'How is every target?',
    'The last run of each: its outcome, how long it took, the rows it returned, how long ago it ended.',
    [
      lib.rows('%s (epicor_probe_success{%s})' % [by, lib.target]),
      lib.rows('%s (epicor_probe_last_duration_seconds{%s})' % [by, lib.target]),
      lib.rows('%s (epicor_probe_rows{%s})' % [by, lib.target]),
      lib.rows('%s (time() - epicor_probe_last_run_timestamp_seconds{%s})' % [by, lib.target]),
    ],
    [
      ['appserver', 'App server'],
      ['company', 'Company'],
      ['probe', 'Probe'],
      ['Value #A', 'Outcome', 'none', lib.cell({ '0': ['failed', lib.bad], '1': ['good', lib.good] })],
      ['Value #B', 'Latency', 's'],
      ['Value #C', 'Rows', 'none'],
      ['Value #D', 'Ran ago', 's'],
    ],
    24, 11
  ),

  lib.timeline(
    'When did each target succeed?',
    'The outcome of the runs over time.',
    [lib.query('%s (epicor_probe_success{%s})' % [by, lib.target], '{{appserver}} {{company}} {{probe}}')],
    24, 11
  ) + lib.words({ '0': ['failed', lib.bad], '1': ['good', lib.good] }),

  lib.graph('What fails, by reason?', 'Failed runs a second, by the reason that the agent gives each.', [lib.query('sum by (reason) (rate(epicor_failures_total{%s}[$__rate_interval])) > 0' % lib.appserver, '{{reason}}')], 'ops') + lib.stacked,
  lib.stat('Good runs in business hours?', 'Share of the runs of 30 days that succeeded within business_hours of their app server, where that is configured.', '1 - %s / %s' % [in_hours('epicor_probe_failures_total'), in_hours('epicor_probe_runs_total')], 'percentunit', 12, 8) + ratio,
])
