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
local shades = lib.thresholds([[null, lib.good], [0.9, lib.warn], [1, lib.bad]]) + lib.decimals(0);
local none = lib.thresholds([[null, lib.good], [1, lib.bad]]) + lib.decimals(0);

// The day on which the peak to reckon with comes to what is owned, in milliseconds: today where it has done so already, -1
// where that is more than a year away. A seat more or less in a fortnight is no growth: peaks scatter.
local crossing =
  '1000 * (time() + 0 * (%s <= %s)) or 1000 * (time() + 14 * 86400 * ((%s - %s) / (%s > 1) < 26)) or %s * 0 - 1' % [owned, reckoned, owned, reckoned, growth, growth];
local never = 'not within a year';
local unknown = 'after six weeks';
local crossings = [
  { type: 'value', options: { '-1': { text: never, color: lib.good, index: 0 }, '-2': { text: unknown, color: lib.grey, index: 1 } } },
];

// The hour of the week, from Monday on, of the hour that has just ended where the app server stands.
local local_time = 'vector(time() + 3600 * ($utc_offset - 1))';
local hours_of_the_week =
  'avg by (day, hour) (avg_over_time((max(max_over_time(%s[1h])) * on () group_left (hour) count_values("hour", hour(%s)) * on () group_left (day) count_values("day", (day_of_week(%s) + 6) %% 7))[28d:1h]))'
  % [ratio, local_time, local_time];
local days = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
local column(title, properties) = { matcher: { id: 'byName', options: title }, properties: properties };

local style(pattern, properties) = { matcher: { id: 'byRegexp', options: pattern }, properties: properties };
local limit = style('/ owned$/', [
  { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
  { id: 'custom.lineWidth', value: 1 },
  { id: 'custom.fillOpacity', value: 0 },
]);
local ahead = style('/ in 14 days$/', [
  { id: 'custom.lineStyle', value: { fill: 'dot', dash: [2, 6] } },
  { id: 'custom.fillOpacity', value: 0 },
]);

local sufficed = lib.table(
  'How many seats would have sufficed in 30 days, and when will those owned be gone?',
  'Seats that would have covered 95 %, 99 % and all of the time in which people worked: of the business hours where they are configured, else of all hours. The peak to reckon with is the highest daily one of four weeks, but for what was seen on a single day; its growth is the smaller of the two between the last three fortnights, which takes six weeks to know. The last column is the day on which it comes to what is owned; a seat a fortnight counts for no growth.',
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
    ['appserver', 'App server'],
    ['company', 'Company'],
    ['license', 'License'],
    ['Value #A', 'Owned', 'none'],
    ['Value #B', 'For 95 %', 'none', [{ id: 'decimals', value: 0 }]],
    ['Value #C', 'For 99 %', 'none', [{ id: 'decimals', value: 0 }]],
    ['Value #D', 'For all', 'none'],
    ['Value #E', 'Peak to reckon with', 'none', [{ id: 'decimals', value: 0 }]],
    ['Value #F', 'Growth a fortnight', 'none', [{ id: 'decimals', value: 1 }]],
    ['Value #G', 'Peak in 14 days', 'none', [{ id: 'decimals', value: 0 }]],
    ['Value #H', 'Owned seats gone on', 'time:YYYY-MM-DD', [
      { id: 'mappings', value: crossings + [{ type: 'special', options: { match: 'null', result: { text: unknown, index: 2 } } }] },
      { id: 'custom.minWidth', value: 160 },
    ]],
  ],
  24, 9
) + { options+: { sortBy: [{ displayName: 'Owned seats gone on', desc: true }] } };

local week = lib.table(
  'At which hours of the week are the seats taken?',
  'How full the fullest of the chosen licenses is at its highest in each hour, the mean of four weeks. The hours are those of Hours from UTC above: choose the ones of the app server.',
  [lib.rows(hours_of_the_week)],
  [],
  24, 10
) + {
  transformations: [
    { id: 'groupingToMatrix', options: { columnField: 'hour', rowField: 'day', valueField: 'Value', emptyValue: 'null' } },
    { id: 'organize', options: {
      excludeByName: {},
      indexByName: { 'day\\hour': 0 } + { ['%d' % hour]: hour + 1 for hour in std.range(0, 23) },
      renameByName: { 'day\\hour': 'Day' } + { ['%d' % hour]: '%02d' % hour for hour in std.range(0, 23) },
    } },
  ],
  options+: { sortBy: [{ displayName: 'Day', desc: false }] },
  fieldConfig: {
    defaults: {
      unit: 'percentunit',
      decimals: 0,
      color: { mode: 'thresholds' },
      thresholds: { mode: 'absolute', steps: [{ value: null, color: 'transparent' }, { value: 0.25, color: '#56B4E955' }, { value: 0.5, color: '#0072B2AA' }, { value: 0.75, color: lib.calm }, { value: 0.9, color: lib.warn }, { value: 1, color: lib.bad }] },
      custom: { align: 'center', cellOptions: { type: 'color-background', mode: 'basic' } },
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
  'How high was the peak of each day, and where does it lead?',
  'The most seats in use in the day before each midnight (UTC), over 60 days; what the growth of six weeks makes of the peak in 14 days; what is owned.',
  [
    lib.query(max(used('max1d')), name) { interval: '1d' },
    lib.query(max(used('max1d_predict14d')), name + ' in 14 days') { interval: '1d' },
    lib.query(owned, name + ' owned') { interval: '1d' },
  ],
  'short', 24, 10
) + lib.limits(0) + {
  timeFrom: '60d',
  fieldConfig+: { defaults+: { custom+: { lineInterpolation: 'stepBefore', showPoints: 'never' } }, overrides+: [limit, ahead] },
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
  lib.stat('How full is the fullest license?', 'Seats in use of those owned, of the license type that is fullest.', 'max(%s)' % ratio, 'percentunit', 5) + shades,
  lib.stat('When will seats be gone?', 'The day on which the daily peaks of the first license type come to what is owned, at their growth of the last six weeks. The table below tells it of each.', 'min((%s) >= 0) or min(%s) * 0 - 1 or vector(-2)' % [crossing, growth], 'dateTimeFromNow', 5) + lib.thresholds([[null, lib.warn]]) + { fieldConfig+: { defaults+: { mappings: crossings } } },
  lib.stat('Are calls delayed for want of a seat?', 'App servers whose calls take 15 s and more beyond their usual time: so Kinetic treats web-service calls without a seat.', 'sum(epicor_license_throttled{%s})' % lib.appserver, 'none', 5) + none,
  lib.stat('How many calls were refused in a day?', 'Answers of the last day that said that no seat was left.', 'sum(increase(epicor_license_refusals_total{%s}[1d]))' % a, 'none', 5) + none,
  lib.stat('How many does the agent take?', 'Mean of the seats that its own calls held in the last hour.', 'sum(rate(epicor_license_claim_seconds_total{%s}[1h]))' % a, 'none', 4) + lib.thresholds([[null, lib.calm]]) + lib.decimals(2),

  lib.graph('How many seats are in use?', 'The most at each moment, by license type, beside those owned.', [
    lib.query(max('max_over_time(epicor_license_seats_used{%s}[$__rate_interval])' % a), name),
    lib.query(owned, name + ' owned'),
  ], 'short') + lib.limits(0) + { fieldConfig+: { overrides+: [limit] } },
  lib.graph('How many seats are free?', 'Owned less used, by license type.', [
    lib.query('%s - %s' % [owned, max('max_over_time(epicor_license_seats_used{%s}[$__rate_interval])' % a)], name),
  ], 'short') + lib.limits(0),
  sufficed,
  peaks,
  week,
  lib.graph('Who holds sessions?', 'Sessions of all users by state; expired ones that pile up are nobody\'s.', [lib.query('sum by (state) (epicor_sessions{%s})' % a, '{{state}}')], 'short', 8) + lib.stacked,
  lib.graph('When were calls refused or delayed?', 'Refusals an hour, and app servers whose calls are delayed.', [
    lib.query('3600 * sum by (appserver, license) (rate(epicor_license_refusals_total{%s}[$__rate_interval]))' % a, '{{appserver}} {{license}} refused'),
    lib.query('sum by (appserver) (epicor_license_throttled{%s})' % lib.appserver, '{{appserver}} delayed'),
  ], 'short', 8) + lib.limits(0),
  lib.graph('How many seats does the agent itself take?', 'Mean of the seats that its calls held, by license type.', [lib.query('sum by (appserver, license) (rate(epicor_license_claim_seconds_total{%s}[$__rate_interval]))' % a, '{{appserver}} {{license}}')], 'short', 8) + lib.limits(0),
]) + {
  time: { from: 'now-7d', to: 'now' },
  refresh: '5m',
  templating+: { list+: [license, utc_offset] },
}
