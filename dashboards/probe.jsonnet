// Why does this probe fail, how long does it take, what does it return?
local lib = import 'lib.libsonnet';
local one = 'appserver, company, probe';
local name = '{{appserver}} {{company}} {{probe}}';

lib.board('probe', 'Probe', 'One probe, or several side by side: why it fails, how long it takes, what it returns.', 5, [
  lib.table(
    'Why does it fail?',
    'The reason of the last run. No row: it succeeds.',
    [lib.rows('max by (%s, reason) (epicor_probe_failure_reason{%s} * ignoring (reason) group_left () epicor_probe_consecutive_failures{%s})' % [one, lib.target, lib.target])],
    [['appserver', 'App server'], ['company', 'Company'], ['probe', 'Probe'], ['reason', 'Reason'], ['Value', 'Failed in a row', 'none']],
    12, 6
  ),
  lib.stat('Good runs?', 'Share of the runs in the range shown that succeeded.', '1 - sum(increase(epicor_probe_failures_total{%s}[$__range])) / sum(increase(epicor_probe_runs_total{%s}[$__range]))' % [lib.target, lib.target], 'percentunit', 4, 6) + lib.thresholds([[null, lib.bad], [0.99, lib.warn], [0.995, lib.good]]),
  lib.stat('Last run took?', 'The longest last run of the probes selected; no waiting for a place or a token in it.', 'max(epicor_probe_last_duration_seconds{%s})' % lib.target, 's', 4, 6) + lib.thresholds([[null, lib.calm]]),
  lib.stat('Columns changed?', 'Changes of columns or output fields in the last day. The status page of the agent tells what came and went.', 'sum(increase(epicor_probe_schema_changes_total{%s}[1d]))' % lib.target, 'none', 4, 6) + lib.thresholds([[null, lib.good], [1, lib.warn]]),

  lib.timeline('When did it succeed?', 'The outcome of the runs over time.', [lib.query('sum by (%s) (epicor_probe_success{%s})' % [one, lib.target], name)], 24, 6) + lib.words({ '0': ['failed', lib.bad], '1': ['good', lib.good] }),

  lib.graph('How long does it take?', 'Quantiles of the runs that got an answer or timed out, over an hour.', [
    lib.query('histogram_quantile(%s, sum by (le) (rate(epicor_probe_duration_seconds_bucket{%s}[1h])))' % [q, lib.target], '%s of the runs' % words)
    for q_words in [['0.5', 'half'], ['0.9', 'nine tenths'], ['0.99', '99 %']]
    for q in [q_words[0]]
    for words in [q_words[1]]
  ] + [lib.query('min(epicor_probe_latency_limit_seconds{%s})' % lib.target, 'limit')], 's') + lib.limits(0),
  lib.graph('Where does the time go?', 'Phases of the last run: the server works (processing), the answer travels (transfer); resolve, connect and tls are of the last new connection.', [lib.query('sum by (phase) (epicor_probe_phase_seconds{%s})' % lib.target, '{{phase}}')], 's') + lib.stacked,
  lib.heatmap('How are the latencies spread?', 'Runs a second by how long they took.', 'sum by (le) (rate(epicor_probe_duration_seconds_bucket{%s}[$__rate_interval]))' % lib.target, 's'),
  lib.graph('What does the server answer?', 'HTTP answers a second by status code.', [lib.query('sum by (code) (rate(epicor_probe_responses_total{%s}[$__rate_interval])) > 0' % lib.target, '{{code}}')], 'reqps') + lib.stacked,
  lib.graph('How many rows, and how many a week ago?', 'Rows of the last run, with those of the same hours last week.', [
    lib.query('sum by (%s) (epicor_probe_rows{%s})' % [one, lib.target], name),
    lib.query('sum by (%s) (epicor_probe_rows{%s} offset 1w)' % [one, lib.target], name + ' a week ago'),
  ], 'short') + lib.limits(0),
  lib.graph('Does it run when it is due?', 'Runs a minute beside those that the interval asks for.', [
    lib.query('60 * sum(rate(epicor_probe_runs_total{%s}[$__rate_interval]))' % lib.target, 'runs'),
    lib.query('60 * sum(1 / epicor_probe_interval_seconds{%s})' % lib.target, 'due'),
  ], 'short') + lib.limits(0),
  lib.graph('Which values does it bring?', 'What value.NAME takes from the rows, by metric and labels.', [lib.query('{__name__=~"epicor_value_.+", %s}' % lib.target, '')], 'short', 24),
])
