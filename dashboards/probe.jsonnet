// Why does this probe fail, how long does it take, what does it return?
local lib = import 'lib.libsonnet';
local t = lib.target;
local by = 'by (appserver, company, probe)';
local on = 'on (appserver, company, probe)';
local name = '{{appserver}} {{company}} {{probe}}';
local success = 'min %s (epicor_probe_success{%s})' % [by, t];
local lasting(metric) = 'sum_over_time(target:epicor_probe_%s:rate5m{%s}[$__range])' % [metric, t];
local values = 'max without (job, instance) (label_replace({__name__=~"epicor_value_.+", %s}, "value", "$1", "__name__", "epicor_value_(.+)"))' % t;

lib.board('probe', 'Probe', 'One probe, or several side by side: why it fails, how long it takes, what it returns.', 5, [
  lib.table(
    'Does it fail now, and why?',
    'The outcome of the last run of each, its reason, and how many have failed in a row.',
    [
      lib.rows('0 * max by (appserver, company, probe, reason) (epicor_probe_failure_reason{%s}) or %s %s' % [t, on, success]),
      lib.rows('max %s (epicor_probe_consecutive_failures{%s})' % [by, t]),
    ],
    [
      ['appserver', 'App server', 'none', lib.least(90)],
      ['company', 'Company', 'none', lib.least(75)],
      ['probe', 'Probe', 'none', lib.least(110)],
      ['Value #A', 'Outcome', 'none', lib.cell({ '0': ['failed', lib.bad], '1': ['good', lib.good] }) + lib.wide(95)],
      ['reason', 'Why', 'none', lib.least(110)],
      ['Value #B', 'In a row', 'none', lib.wide(80)],
    ],
    12, 6
  ) + lib.sorted('Outcome'),
  lib.stat('Good runs?', 'Share of the runs in the time shown that succeeded; runs in maintenance are among them.', '1 - sum(%s) / sum(%s)' % [lasting('failures'), lasting('runs')], 'percentunit', 4, 6) + lib.thresholds([[null, lib.bad], [0.99, lib.warn], [0.995, lib.good]]) + lib.decimals(2),
  lib.stat('Last run took?', 'The longest last run of the probes shown; no waiting for a place or a token in it.', 'max(epicor_probe_last_duration_seconds{%s})' % t, 's', 4, 6) + lib.thresholds([[null, lib.calm]]),
  lib.stat('Columns changed?', 'Changes of columns or output fields in the last day. The status page of the agent tells what came and went.', 'sum(max %s (changes(epicor_probe_schema_hash{%s}[1d])))' % [by, t], 'none', 4, 6) + lib.thresholds([[null, lib.good], [1, lib.warn]]),

  lib.timeline('When did it succeed?', 'The outcome of the runs over time; a gap: it did not run.', [lib.query(success, name)], 12, 8) + lib.words({ '0': ['failed', lib.bad], '1': ['good', lib.good] }),
  lib.timeline('Why did it fail, and when?', 'Each reason while the last run had failed by it.', [lib.query('max by (appserver, company, probe, reason) (epicor_probe_failure_reason{%s})' % t, '{{reason}}: {{appserver}} {{company}} {{probe}}')], 12, 8) + lib.words({ '1': ['failed by this', lib.bad] }) + lib.otherwise('No run failed.'),

  lib.heatmap('How are the latencies spread?', 'Runs a second by how long they took; those that got an answer or timed out.', 'sum by (le) (rate(epicor_probe_duration_seconds_bucket{%s}[$__rate_interval]))' % t, 's'),
  lib.graph('How long does it take?', 'Half, nine tenths and 99 % of the runs took less; the limit is the least latency_limit of the probes shown.', [
    lib.query('histogram_quantile(%s, sum by (le) (rate(epicor_probe_duration_seconds_bucket{%s}[$__rate_interval])))' % [q[0], t], q[1]) + lib.step('1m')
    for q in [['0.5', 'half'], ['0.9', 'nine tenths'], ['0.99', '99 %']]
  ] + [lib.query('min(epicor_probe_latency_limit_seconds{%s})' % t, 'limit')], 's') + lib.limits(0)
  + lib.coloured('half', lib.sky) + lib.coloured('nine tenths', lib.calm) + lib.coloured('99 %', lib.purple) + lib.coloured('limit', lib.bad) + lib.dashed('limit'),
  lib.graph('Where does the time go?', 'Phases of the last run, the mean of the targets shown: the server works (processing), the answer travels (transfer); resolve, connect and tls are of the last new connection.', [lib.query('avg by (phase) (epicor_probe_phase_seconds{%s})' % t, '{{phase}}')], 's') + lib.stacked
  + lib.coloured('processing', lib.calm) + lib.coloured('transfer', lib.sky) + lib.coloured('resolve', lib.yellow) + lib.coloured('connect', lib.warn) + lib.coloured('tls', lib.purple),
  lib.graph('What does the server answer?', 'HTTP answers a minute by status code.', [lib.query('60 * sum by (code) (rate(epicor_probe_responses_total{%s}[$__rate_interval])) > 0' % t, '{{code}}')], 'a minute') + lib.stacked + lib.codes,
  lib.graph('How many rows, and how many a week ago?', 'Rows of the last run; dashed those of the same hours last week.', [
    lib.query('max %s (epicor_probe_rows{%s})' % [by, t], name),
    lib.query('max %s (epicor_probe_rows{%s} offset 1w)' % [by, t], name + ' a week ago'),
  ], 'short') + lib.limits(0) + lib.dashed('/ a week ago$/') + lib.coloured('/ a week ago$/', lib.grey),
  lib.graph('Does it run when it is due?', 'Runs a minute, dashed those that the intervals ask for; fewer outside its active windows.', [
    lib.query('60 * sum(rate(epicor_probe_runs_total{%s}[$__rate_interval]))' % t, 'runs'),
    lib.query('60 * sum(1 / epicor_probe_interval_seconds{%s})' % t, 'due'),
  ], 'a minute') + lib.limits(0) + lib.coloured('runs', lib.calm) + lib.coloured('due', lib.warn) + lib.dashed('due'),
  lib.graph('Which values does it bring?', 'What value.NAME takes from the rows (epicor_value_NAME), by NAME and labels.', [lib.query(values, '__auto')], 'short') + lib.otherwise('No value.NAME is configured.'),
  lib.table('What are these values now?', 'The values of the last run, each with its labels. No data: no value.NAME is configured.', [lib.rows(values)], [
    ['value', 'Value', 'none', lib.least(90)],
    ['Value', 'Now', 'short', lib.wide(80)],
    ['appserver', 'App server', 'none', lib.least(85)],
    ['company', 'Company', 'none', lib.least(80)],
    ['probe', 'Probe', 'none', lib.least(90)],
  ], 12, 8),
], one=true)
