// Are there seats enough, and for how long?
local lib = import 'lib.libsonnet';
local a = lib.appserver;
local ratio = 'license:epicor_license_seats_used:ratio{%s}' % a;
local peaks(q) = 'max by (appserver, license) (quantile_over_time(%s, license:epicor_license_seats_used:max1d{%s}[30d:1d]))' % [q, a];
local used = lib.thresholds([[null, lib.good], [0.9, lib.warn], [1, lib.bad]]) + lib.decimals(0);

lib.board('licenses', 'Licenses and capacity', 'License seats: are there enough, and for how long?', 3, [
  lib.stat('How full is the fullest license?', 'Seats in use of those owned, of the license type that is fullest.', 'max(%s)' % ratio, 'percentunit', 6) + used,
  lib.stat('Are calls delayed for want of a seat?', 'App servers whose calls take 15 s and more beyond their usual time: so Kinetic treats web-service calls without a seat.', 'sum(epicor_license_throttled{%s})' % a, 'none', 6) + lib.thresholds([[null, lib.good], [1, lib.bad]]),
  lib.stat('How many calls were refused in a day?', 'Answers of the last day that said that no seat was left.', 'sum(increase(epicor_license_refusals_total{%s}[1d]))' % a, 'none', 6) + lib.thresholds([[null, lib.good], [1, lib.bad]]),
  lib.stat('How many seats does the agent take?', 'Mean of the seats that its own calls held in the last hour.', 'sum(rate(epicor_license_claim_seconds_total{%s}[1h]))' % a, 'none', 6) + lib.thresholds([[null, lib.calm]]) + lib.decimals(2),

  lib.graph('How many seats are in use?', 'By license type, beside those owned.', [
    lib.query('max by (appserver, license) (epicor_license_seats_used{%s})' % a, '{{appserver}} {{license}}'),
    lib.query('max by (appserver, license) (epicor_license_seats_owned{%s})' % a, '{{appserver}} {{license}} owned'),
  ], 'short') + lib.limits(0),
  lib.graph('How many seats are free?', 'Owned less used, by license type.', [lib.query('max by (appserver, license) (epicor_license_seats_owned{%s}) - max by (appserver, license) (epicor_license_seats_used{%s})' % [a, a], '{{appserver}} {{license}}')], 'short'),
  lib.table(
    'How many seats would have sufficed in 30 days?',
    'Of the peaks of each day: how many seats would have covered 95 % and 99 % of the days, and all of them; what is owned; what the growth leads to in 90 days.',
    [
      lib.rows(peaks('0.95')),
      lib.rows(peaks('0.99')),
      lib.rows(peaks('1')),
      lib.rows('max by (appserver, license) (epicor_license_seats_owned{%s})' % a),
      lib.rows('max by (appserver, license) (predict_linear(license:epicor_license_seats_used:max1d{%s}[30d:1d], 90 * 86400))' % a),
    ],
    [['appserver', 'App server'], ['license', 'License'], ['Value #A', '95 % of the days', 'none'], ['Value #B', '99 %', 'none'], ['Value #C', 'All', 'none'], ['Value #D', 'Owned', 'none'], ['Value #E', 'In 90 days', 'none']],
    24, 8
  ),
  lib.graph('How high was the peak of each day?', 'The most seats in use in the day before each moment, and where the growth of 30 days leads in 14 days.', [
    lib.query('max by (appserver, license) (license:epicor_license_seats_used:max1d{%s})' % a, '{{appserver}} {{license}}'),
    lib.query('max by (appserver, license) (predict_linear(license:epicor_license_seats_used:max1d{%s}[30d:1d], 14 * 86400))' % a, '{{appserver}} {{license}} in 14 days'),
  ], 'short', 24) + lib.limits(0),
  lib.graph('Who holds sessions?', 'Sessions of all users by state; expired ones that pile up are nobody\'s.', [lib.query('sum by (state) (epicor_sessions{%s})' % a, '{{state}}')], 'short') + lib.stacked,
  lib.graph('When were calls refused or delayed?', 'Refusals an hour, and app servers whose calls are delayed.', [
    lib.query('3600 * sum by (appserver, license) (rate(epicor_license_refusals_total{%s}[$__rate_interval])) > 0' % a, '{{appserver}} {{license}} refused'),
    lib.query('sum by (appserver) (epicor_license_throttled{%s})' % a, '{{appserver}} delayed'),
  ], 'short') + lib.limits(0),
  lib.graph('How many seats does the agent itself take?', 'Mean of the seats that its calls held, by license type.', [lib.query('sum by (appserver, license) (rate(epicor_license_claim_seconds_total{%s}[$__rate_interval]))' % a, '{{appserver}} {{license}}')], 'short') + lib.limits(0),
])
