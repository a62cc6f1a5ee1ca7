// Is it well, and if not, why?
local lib = import 'lib.libsonnet';
local t = lib.target;
local a = lib.appserver;
local by = 'by (appserver, company, probe)';
local on = 'on (appserver, company, probe)';

// Replicas of the agent tell of the same app servers: each counts once, and what one of them sees fail, fails.
local up = 'min by (appserver) (epicor_up{%s})' % a;
local success = 'min %s (epicor_probe_success{%s})' % [by, t];
local alerts(name, more) = '%s{alertname=~"Epicor.+", job=~"$job", instance=~"$instance", appserver=~"$appserver|", company=~"$company|", probe=~"$probe|"%s}' % [name, more];
local firing = alerts('ALERTS', ', alertstate="firing"');
local of_severity(severity) = 'max by (alertname, appserver, company, probe) (%s)' % alerts('ALERTS', ', alertstate="firing", severity="%s"' % severity);
// Good runs of all, by their rates, summed over a time.
local share(of, over) = '1 - sum(%s) / sum(%s)' % [over % ('target:epicor_probe_failures%s:rate5m{%s}' % [of, t]), over % ('target:epicor_probe_runs%s:rate5m{%s}' % [of, t])];
local availability = share('', 'sum_over_time(%s[30d])');

local none = lib.thresholds([[null, lib.good], [1, lib.bad]]);
local ratio = lib.thresholds([[null, lib.bad], [0.99, lib.warn], [0.995, lib.good]]) + lib.limits(0, 1) + lib.decimals(2);
local to_probe = lib.leads('This probe', '/d/epicor-probe?var-appserver=${__data.fields["App server"]}&var-company=${__data.fields.Company}&var-probe=${__data.fields.Probe}');
local to_login = lib.leads('Its tokens, keys and certificates', '/d/epicor-authentication?var-appserver=${__data.fields["App server"]}');

// The status code of the last answers: of a failing target the one that is no 200, if there was any answer at all.
local answers(code) = 'sum by (appserver, company, probe, code) (rate(epicor_probe_responses_total{%s, code%s}[$__rate_interval])) > 0' % [t, code];
local no_answer = 'epicor_probe_failure_reason{%s, reason=~"resolve|connect|tls|timeout|connection_lost|credentials|identity_provider|internal"}' % t;
local code = 'topk %s (1, (%s and %s (%s == 0)) or %s (%s unless %s %s))' % [by, answers('!="200"'), on, success, on, answers('="200"'), on, no_answer];

lib.board('fleet', 'Fleet', 'Every app server and every target: is it well, and if not, why?', 5, [
  lib.stat('Servers down?', 'App servers of which every request has failed since the last good answer.', 'count(%s == 0) or 0 * count(%s)' % [up, up]) + none,
  lib.stat('Targets failing?', 'Targets (a probe on an app server, for a company) whose last run failed.', 'count(%s == 0) or 0 * count(%s)' % [success, success]) + none,
  lib.stat('Alerts firing?', 'Alerts of epicor.rules.yml that fire now. No value: Prometheus does not have these rules. Those of no company or probe of their own count with any.', 'count(count by (alertname, appserver, company, probe) (%s)) or 0 * count(target:epicor_probe_runs:rate5m{%s})' % [firing, t]) + none,
  lib.stats('What share of the runs is good?', 'Of the runs of the last 5 minutes, of 24 hours, of 30 days, and of those in 30 days that were within business_hours of their app server. Runs in maintenance count like all others.', [
    ['now', share('', '%s')],
    ['1 day', share('', 'sum_over_time(%s[1d])')],
    ['30 days', availability],
    ['work hours', share('_in_business_hours', 'sum_over_time(%s[30d])')],
  ], 'percentunit') + ratio,
  lib.stat('Budget left?', 'Of the 0.5 % of runs that may fail in 30 days: the share that has not been used up. Below 0 the objective is missed. Runs that fail in maintenance use it up too, though no alert tells of them.', '1 - (1 - (%s)) / 0.005' % availability, 'percentunit') + lib.thresholds([[null, lib.bad], [0, lib.warn], [0.25, lib.good]]) + lib.decimals(0),

  lib.table(
    'Which app server fails, and why?',
    'Down while every request has failed since the last good answer; the reason is the verdict of the agent. Beside it, how many of its targets fail, and how long ago a run was good.',
    [
      lib.rows('0 * max by (appserver, reason) (epicor_appserver_failure_reason{%s}) or on (appserver) %s' % [a, up]),
      lib.rows('count by (appserver) (%s == 0) or on (appserver) 0 * %s' % [success, up]),
      lib.rows('time() - max by (appserver) (epicor_probe_last_success_timestamp_seconds{%s})' % t),
    ],
    [
      ['appserver', 'App server', 'none', to_login + lib.least(100)],
      ['Value #A', 'State', 'none', lib.cell({ '0': ['down', lib.bad], '1': ['up', lib.good] }) + lib.wide(75)],
      ['reason', 'Why', 'none', lib.least(120)],
      ['Value #B', 'Failing', 'none', lib.wide(75)],
      ['Value #C', 'Last good', 's', lib.wide(95)],
    ],
    10, 7
  ) + lib.sorted('State'),
  lib.table(
    'Which alerts fire, and since when?',
    'Alerts of epicor.rules.yml that fire in Prometheus, also those that Alertmanager mutes. No data: none fires.',
    [
      lib.rows('%s or 2 * %s or 3 * %s' % [of_severity('critical'), of_severity('warning'), of_severity('info')]),
      lib.rows('time() - min by (alertname, appserver, company, probe) (%s and ignoring (alertstate) %s)' % [alerts('ALERTS_FOR_STATE', ''), firing]),
    ],
    [
      ['alertname', 'Alert', 'none', lib.wide(220)],
      ['Value #A', 'Severity', 'none', lib.cell({ '1': ['critical', lib.bad], '2': ['warning', lib.warn], '3': ['info', lib.calm] }) + lib.wide(85)],
      ['appserver', 'App server', 'none', lib.least(85)],
      ['company', 'Company', 'none', lib.least(75)],
      ['probe', 'Probe', 'none', lib.least(90)],
      ['Value #B', 'For', 's', lib.wide(80)],
    ],
    14, 7
  ) + lib.sorted('Severity'),

  lib.table(
    'How is every target?',
    'The last run of each: its outcome and the reason of its failure, the HTTP status, failures in a row, how long it took, the rows it returned, how long ago it ended. A probe leads to its board.',
    [
      lib.rows('0 * max by (appserver, company, probe, reason) (epicor_probe_failure_reason{%s}) or %s %s' % [t, on, success]),
      lib.rows(code) + lib.step('1m'),
      lib.rows('max %s (epicor_probe_consecutive_failures{%s})' % [by, t]),
      lib.rows('max %s (epicor_probe_last_duration_seconds{%s})' % [by, t]),
      lib.rows('max %s (epicor_probe_rows{%s})' % [by, t]),
      lib.rows('min %s (time() - epicor_probe_last_run_timestamp_seconds{%s})' % [by, t]),
    ],
    [
      ['appserver', 'App server', 'none', lib.least(100)],
      ['company', 'Company', 'none', lib.least(80)],
      ['probe', 'Probe', 'none', to_probe + lib.least(150)],
      ['Value #A', 'Outcome', 'none', lib.cell({ '0': ['failed', lib.bad], '1': ['good', lib.good] }) + lib.wide(95)],
      ['reason', 'Why', 'none', lib.least(140)],
      ['code', 'Code', 'none', lib.wide(70)],
      ['Value #C', 'Failed in a row', 'none', lib.wide(120)],
      ['Value #D', 'Took', 's', lib.wide(90)],
      ['Value #E', 'Rows', 'none', lib.wide(90)],
      ['Value #F', 'Ran ago', 's', [{ id: 'decimals', value: 0 }] + lib.wide(90)],
    ],
    24, 11, ['Value #B']
  ) + lib.sorted('Outcome'),

  lib.table(
    'What does each app server say of itself?',
    'Where probes of the kinds version, health and tasks ask: its version, the checks of its health service, the time to its database, immediate tasks that no task agent takes, schedules past their time, tasks that lately ended in error. Maintenance: by the configured windows.',
    [
      lib.rows('max by (appserver, version) (epicor_server_info{%s})' % a),
    ] + [
      lib.rows('min by (appserver) (epicor_health_check_success{%s, check="%s"})' % [a, check])
      for check in ['erp', 'database', 'report_server']
    ] + [
      lib.rows('max by (appserver) (epicor_database_latency_seconds{%s})' % a),
      lib.rows('max by (appserver) (epicor_tasks_waiting{%s})' % a),
      lib.rows('sum by (appserver) (max by (appserver, agent) (epicor_schedules_overdue{%s}))' % a),
      lib.rows('sum by (appserver) (max by (appserver, company) (epicor_tasks{%s, status="error"}))' % a),
      lib.rows('max by (appserver) (epicor_maintenance{%s})' % a),
    ],
    [
      ['appserver', 'App server', 'none', lib.least(100)],
      ['version', 'Version', 'none', lib.least(100)],
    ] + [
      ['Value #' + c[0], c[1], 'none', lib.cell({ '0': ['fails', lib.bad], '1': ['good', lib.good] }) + lib.wide(c[2])]
      for c in [['B', 'ERP', 80], ['C', 'Database', 90], ['D', 'Report server', 110]]
    ] + [
      ['Value #E', 'Database took', 's', lib.wide(115)],
      ['Value #F', 'Tasks waiting', 'none', lib.ground([[null, 'transparent'], [1, lib.warn]]) + lib.wide(115)],
      ['Value #G', 'Overdue', 'none', lib.ground([[null, 'transparent'], [1, lib.warn]]) + lib.wide(90)],
      ['Value #H', 'Failed', 'none', lib.ground([[null, 'transparent'], [1, lib.warn]]) + lib.wide(80)],
      ['Value #I', 'Maintenance', 'none', lib.cell({ '0': ['no', 'transparent'], '1': ['now', lib.calm] }) + lib.wide(110)],
    ],
    24, 6, ['Value #A']
  ),

  lib.timeline(
    'When was each app server up?',
    'Down while every request has failed since the last good answer; a gap: nothing is known.',
    [lib.query(up, '{{appserver}}')],
    24, 6
  ) + lib.words({ '0': ['down', lib.bad], '1': ['up', lib.good] }),
  lib.timeline(
    'When did each target succeed?',
    'The outcome of the runs over time; a gap: it did not run.',
    [lib.query(success, '{{appserver}} {{company}} {{probe}}')],
    24, 12
  ) + lib.words({ '0': ['failed', lib.bad], '1': ['good', lib.good] }),

  lib.graph('What fails, by reason?', 'Failed runs a minute of the app servers shown, by the reason that the agent gives each. A colour is a kind: who asks (purple), no seat or too often (yellow), the answer or the question (light blue), the server (red), too slow (orange), the way there (blue).', [lib.query('60 * sum by (reason) (rate(epicor_failures_total{%s}[$__rate_interval])) > 0' % a, '{{reason}}')], 'a minute') + lib.stacked + lib.reasons + lib.otherwise('No run failed.'),
  lib.graph('What share of the runs was good?', 'By app server, each moment over the 5 minutes before it; runs in maintenance are among them.', [lib.query('1 - sum by (appserver) (target:epicor_probe_failures:rate5m{%s}) / sum by (appserver) (target:epicor_probe_runs:rate5m{%s})' % [t, t], '{{appserver}}')], 'percentunit') + lib.limits(0, 1),
])
