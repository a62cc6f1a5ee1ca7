// Are there seats enough, and for how long? The rules record what the panels ask, so that months are drawn quickly.
local lib = import 'lib.libsonnet';
local a = lib.appserver + ', license=~"$license"';
local by = 'by (appserver, company, license) ';
local name = '{{appserver}} {{company}} {{license}}';
local ratio = 'license:epicor_license_seats_used:ratio{%s}' % a;
local used(operations) = 'license:epicor_license_seats_used:%s{%s}' % [operations, a];
local max(expr) = 'max %s(%s)' % [by, expr];
local owned = max('epicor_license_seats_owned{%s}' % a);
local growth = max(used('max1d_growth14d'));
local reckoned = max(used('max1d_p95_28d'));
local delayed = 'max by (appserver) (epicor_license_throttled{%s})' % lib.appserver;
local shades = lib.thresholds([[null, lib.good], [0.9, lib.warn], [1, lib.bad]]) + lib.decimals(0);
local none = lib.thresholds([[null, lib.good], [1, lib.bad]]) + lib.decimals(0);

// The day on which the peak to reckon with comes to what is owned, in milliseconds: today where it has done so already, 9e15
// where that is more than a year away. A seat more or less in a fortnight is no growth: peaks scatter.
local crossing =
  '1000 * (time() + 0 * (%s <= %s)) or 1000 * (time() + 14 * 86400 * ((%s - %s) / (%s > 1) < 26)) or %s * 0 + 9e15' % [owned, reckoned, owned, reckoned, growth, growth];
local never = 'not within a year';
local unknown = 'after six weeks';
local crossings = [
  { type: 'value', options: { '9000000000000000': { text: never, color: lib.good, index: 0 }, '-1': { text: unknown, color: lib.grey, index: 1 } } },
];

// The hour of the week, from Monday on, of the hour that has just ended where the app server stands.
local local_time = 'vector(time() + 3600 * ($utc_offset - 1))';
local hours_of_the_week =
  'avg by (day, hour) (avg_over_time((max(max_over_time(%s[59m] offset 30s)) * on () group_left (hour) count_values("hour", hour(%s)) * on () group_left (day) count_values("day", (day_of_week(%s) + 6) %% 7))[28d:1h]))'
  % [ratio, local_time, local_time];
local days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
local column(title, properties) = { matcher: { id: 'byName', options: title }, properties: properties };

// What is owned is a line for the eye; with all license types its names would fill the legend.
local unlisted(pattern) = lib.dashed(pattern) + lib.coloured(pattern, lib.grey) + {
  fieldConfig+: { overrides+: [{ matcher: { id: 'byRegexp', options: pattern }, properties: [{ id: 'custom.hideFrom', value: { legend: true, tooltip: false, viz: false } }] }] },
};

local sufficed = lib.table(
  'How many seats would have sufficed in 30 days, and when will those owned be gone?',
  'Seats that would have covered 95 %, 99 % and all of the time in which people worked: of the business hours where they are configured, else of all hours. Peak: the highest of the daily ones of four weeks, but for what was seen on a single day. Grows by: the smaller growth of the two between the last three fortnights, which takes six weeks to know. In 14 days: where that leads. Gone on: the day on which the peak comes to what is owned; a seat a fortnight counts for no growth.',
  [
    lib.rows(owned),
    lib.rows(max('quantile_over_time(0.95, %s[30d])' % used('business_hours'))),
    lib.rows(max('quantile_over_time(0.99, %s[30d])' % used('business_hours'))),
    lib.rows(max('max_over_time(%s[30d])' % used('business_hours'))),
    lib.rows(reckoned),
    lib.rows(growth),
    lib.rows(max(used('max1d_predict14d'))),
    lib.rows(crossing),
  ],
  [
    ['appserver', 'App server', 'string', lib.least(100)],
    ['company', 'Company', 'string', lib.least(80)],
    ['license', 'License', 'string', lib.least(110)],
    ['Value #A', 'Owned', 'none', lib.least(80)],
    ['Value #B', 'For 95 %', 'none', lib.least(80) + [{ id: 'decimals', value: 0 }]],
    ['Value #C', 'For 99 %', 'none', lib.least(80) + [{ id: 'decimals', value: 0 }]],
    ['Value #D', 'For all', 'none', lib.least(80)],
    ['Value #E', 'Peak', 'none', lib.least(80) + [{ id: 'decimals', value: 0 }]],
    ['Value #F', 'Grows by', 'none', lib.least(80) + [{ id: 'decimals', value: 1 }]],
    ['Value #G', 'In 14 days', 'none', lib.least(90) + [{ id: 'decimals', value: 0 }]],
    ['Value #H', 'Gone on', 'time:YYYY-MM-DD', lib.least(130) + [
      { id: 'mappings', value: crossings + [{ type: 'special', options: { match: 'null', result: { text: unknown, index: 2 } } }] },
    ]],
  ],
  24, 10
) + lib.sorted('Gone on');

local week = lib.table(
  'At which hours of the week are the seats taken?',
  'How full the fullest of the chosen licenses is at its highest in each hour, the mean of four weeks. The hours are those of Hours from UTC above: choose the ones of the app server.',
  [lib.rows(hours_of_the_week)],
  [],
  24, 9
) + lib.sorted('Day') + {
  transformations: [
    { id: 'groupingToMatrix', options: { columnField: 'hour', rowField: 'day', valueField: 'Value', emptyValue: 'null' } },
    { id: 'organize', options: {
      excludeByName: {},
      indexByName: { 'day\\hour': 0 } + { ['%d' % hour]: hour + 1 for hour in std.range(0, 23) },
      renameByName: { 'day\\hour': 'Day' } + { ['%d' % hour]: '%02d' % hour for hour in std.range(0, 23) },
    } },
  ],
  fieldConfig: {
    defaults: {
      unit: 'percentunit',
      decimals: 0,
      color: { mode: 'thresholds' },
      thresholds: { mode: 'absolute', steps: [{ value: s[0], color: s[1] } for s in [[null, 'transparent'], [0.25, lib.sky], [0.6, lib.calm], [0.9, lib.warn], [1, lib.bad]]] },
      custom: { align: 'center', minWidth: 40, cellOptions: { type: 'color-background', mode: 'basic' } },
    },
    overrides: [column('Day', [
      { id: 'mappings', value: [{ type: 'value', options: { ['%d' % i]: { text: days[i], index: i } for i in std.range(0, 6) } }] },
      { id: 'unit', value: 'string' },
      { id: 'custom.align', value: 'left' },
      { id: 'custom.cellOptions', value: { type: 'auto' } },
      { id: 'custom.width', value: 100 },
    ])],
  },
};

local peaks = lib.graph(
  'How high was the peak of each day of $license, and where does it lead?',
  'The most seats in use in the day before each midnight (UTC), over 60 days; what the growth of six weeks makes of the peak in 14 days; what is owned.',
  [
    lib.query(max(used('max1d')), '{{appserver}} {{company}}'),
    lib.query(max(used('max1d_predict14d')), '{{appserver}} {{company}} in 14 days'),
    lib.query(owned, '{{appserver}} {{company}} owned'),
  ],
  'short', 12, 8
) + lib.limits(0) + lib.step('1d') + lib.dashed('/ (owned|in 14 days)$/') + lib.coloured('/ owned$/', lib.grey) + {
  repeat: 'license',
  repeatDirection: 'h',
  maxPerRow: 2,
  timeFrom: '60d',
  fieldConfig+: { defaults+: { custom+: { lineInterpolation: 'stepBefore', showPoints: 'never' } } },
};

local offset(hours) = { text: '%d' % hours, value: '%d' % hours, selected: hours == 0 };
local license = {
  name: 'license',
  label: 'License',
  type: 'query',
  datasource: { type: 'prometheus', uid: '${datasource}' },
  local text = 'label_values(epicor_license_seats_owned{%s}, license)' % lib.appserver,
  query: { query: text, refId: 'license' },
  definition: text,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: '.+',
  current: { text: ['All'], value: ['$__all'], selected: true },
  options: [],
};
local utc_offset = {
  name: 'utc_offset',
  label: 'Hours from UTC',
  type: 'custom',
  multi: false,
  includeAll: false,
  query: std.join(',', ['%d' % hours for hours in std.range(-12, 14)]),
  current: offset(0),
  options: [offset(hours) for hours in std.range(-12, 14)],
};

lib.board('licenses', 'Licenses and capacity', 'License seats: are there enough, and for how long?', 3, [
  lib.stat('How full is the fullest?', 'Seats in use of those owned, of the license type that is fullest.', 'max(%s)' % ratio, 'percentunit', 5) + shades,
  lib.stat('When will seats be gone?', 'The day on which the daily peaks of the first license type come to what is owned, at their growth of the last six weeks. The table below tells it of each.', 'min(%s) or vector(-1)' % crossing, 'time:YYYY-MM-DD', 5) + lib.thresholds([[null, lib.warn]]) + { fieldConfig+: { defaults+: { mappings: crossings } } },
  lib.stat('Are calls delayed?', 'App servers whose calls take 15 s and more beyond their usual time: so Kinetic treats web-service calls without a seat. Not known where license = none, and until the usual time is.', 'sum(%s)' % delayed, 'none', 4) + none + lib.otherwise('not known'),
  lib.stat('How many were refused?', 'Answers of the last day that said that no seat was left.', 'sum(increase(epicor_license_refusals_total{%s}[$__rate_interval]))' % a, 'none', 5) + none + lib.quarter('6h'),
  lib.stat('What does the agent take?', 'Mean of the seats that its own calls held in the last hour.', 'sum(rate(epicor_license_claim_seconds_total{%s}[$__rate_interval]))' % a, 'none', 5) + lib.thresholds([[null, lib.calm]]) + lib.decimals(2) + lib.quarter('15m'),

  lib.graph('How many seats are in use?', 'The most at each moment, by license type, beside those owned.', [
    lib.query(max('max_over_time(epicor_license_seats_used{%s}[$__rate_interval])' % a), name),
    lib.query(owned, name + ' owned'),
  ], 'short') + lib.limits(0) + unlisted('/ owned$/'),
  lib.graph('How many seats are free?', 'Owned less used, by license type.', [
    lib.query('%s - %s' % [owned, max('max_over_time(epicor_license_seats_used{%s}[$__rate_interval])' % a)], name),
  ], 'short') + lib.limits(0),
  sufficed,
  week,
  lib.graph('Who holds sessions?', 'Sessions of all users by state; expired ones that pile up are nobody\'s.', [lib.query('sum by (state) (max by (appserver, company, license, state) (epicor_sessions{%s}))' % a, '{{state}}')], 'short', 8) + lib.stacked
  + lib.coloured('in_use', lib.calm) + lib.coloured('idle', lib.sky) + lib.coloured('expired', lib.warn),
  lib.graph('When were calls refused or delayed?', 'Refusals an hour; dashed, at 1, while calls are delayed.', [
    lib.query('3600 * sum by (appserver, license) (rate(epicor_license_refusals_total{%s}[$__rate_interval]))' % a, '{{appserver}} {{license}} refused'),
    lib.query(delayed, '{{appserver}} delayed'),
  ], 'short', 8) + lib.limits(0) + lib.dashed('/ delayed$/'),
  lib.graph('How many seats does the agent itself take?', 'Mean of the seats that its calls held, by license type.', [lib.query('sum by (appserver, license) (rate(epicor_license_claim_seconds_total{%s}[$__rate_interval]))' % a, '{{appserver}} {{license}}')], 'short', 8) + lib.limits(0),
  peaks,
]) + {
  time: { from: 'now-7d', to: 'now' },
  refresh: '5m',
  templating+: { list+: [license, utc_offset] },
}
