// Boards, panels and queries as functions, so that each board says only what is its own. `jsonnet NAME.jsonnet` writes
// NAME.json, which is committed beside it; tests/system/test_dashboards.sh holds the two against each other.
{
  local lib = self,

  // What selects by the variables of a board.
  target: 'job=~"$job", instance=~"$instance", appserver=~"$appserver", company=~"$company", probe=~"$probe"',
  appserver: 'job=~"$job", instance=~"$instance", appserver=~"$appserver"',
  agent: 'job=~"$job", instance=~"$instance"',

  // Colours that a colour-blind reader tells apart (Okabe and Ito); good and bad differ in brightness too.
  good: '#009E73',
  warn: '#E69F00',
  bad: '#D55E00',
  calm: '#0072B2',
  grey: '#8e8e8e',
  sky: '#56B4E9',
  yellow: '#F0E442',
  purple: '#CC79A7',

  local datasource = { type: 'prometheus', uid: '${datasource}' },

  query(expr, legend='', instant=false, format='time_series'):: {
    datasource: datasource,
    expr: expr,
    legendFormat: legend,
    instant: instant,
    range: !instant,
    format: format,
  },
  // One row of a table for each series.
  rows(expr):: lib.query(expr, '', true, 'table'),
  // At least so far from point to point, and so a $__rate_interval of four times that: for what is rare.
  step(duration):: { interval: duration },
  // Of a panel's figure: a $__rate_interval of four times that, however long a time is shown.
  quarter(duration):: { maxDataPoints: 11000, targets: [query + lib.step(duration) for query in super.targets] },

  local panel(type, title, description, queries, unit, width, height) = {
    type: type,
    title: title,
    description: description,
    datasource: datasource,
    targets: [queries[i] { refId: std.char(65 + i) } for i in std.range(0, std.length(queries) - 1)],
    fieldConfig: { defaults: { unit: unit }, overrides: [] },
    gridPos: { w: width, h: height },
  },

  // steps: [[value, colour], ...], the first from no value on.
  thresholds(steps):: {
    fieldConfig+: { defaults+: {
      color: { mode: 'thresholds' },
      thresholds: { mode: 'absolute', steps: [{ value: s[0], color: s[1] } for s in steps] },
    } },
  },
  // Values as words: { '0': ['down', colour], ... }.
  words(map):: {
    fieldConfig+: { defaults+: { mappings+: [{
      type: 'value',
      options: { [value]: { text: map[value][0], color: map[value][1], index: 0 } for value in std.objectFields(map) },
    }] } },
  },
  limits(min=null, max=null):: {
    fieldConfig+: { defaults+: std.prune({ min: min, max: max }) },
  },
  decimals(count):: { fieldConfig+: { defaults+: { decimals: count } } },
  // An axis of at least so much, where values lie close together.
  span(min, max):: { fieldConfig+: { defaults+: { custom+: { axisSoftMin: min, axisSoftMax: max } } } },
  // What stands where there is nothing to show; not for tables, whose empty cells would say it too.
  otherwise(text):: { fieldConfig+: { defaults+: { noValue: text } } },

  // How the series are drawn whose names match.
  local drawn(pattern, properties) = { fieldConfig+: { overrides+: [{ matcher: { id: 'byRegexp', options: pattern }, properties: properties }] } },
  coloured(pattern, colour):: drawn(pattern, [{ id: 'color', value: { mode: 'fixed', fixedColor: colour } }]),
  dashed(pattern):: drawn(pattern, [
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 6] } },
    { id: 'custom.lineWidth', value: 1 },
    { id: 'custom.fillOpacity', value: 0 },
  ]),
  // Status codes, wherever they stand in a name.
  codes:: std.foldl(function(all, c) all + lib.coloured('/(^| )%s$/' % c[0], c[1]), [
    ['200', lib.good],
    ['400', lib.yellow],
    ['401', lib.warn],
    ['403', lib.purple],
    ['404', lib.sky],
    ['429', lib.calm],
    ['500', lib.bad],
    ['503', lib.grey],
  ], {}),

  stat(title, description, expr, unit='none', width=4, height=4):: panel('stat', title, description, [lib.query(expr, '', true)], unit, width, height) {
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'background_solid',
      graphMode: 'none',
      textMode: 'value',
      justifyMode: 'center',
    },
  },
  // Several figures in one panel, each with its name: [[name, query], ...].
  stats(title, description, figures, unit='none', width=8, height=4):: lib.stat(title, description, '', unit, width, height) {
    targets: [lib.query(figures[i][1], figures[i][0], true) { refId: std.char(65 + i) } for i in std.range(0, std.length(figures) - 1)],
    options+: { textMode: 'value_and_name', orientation: 'vertical' },
  },

  // Reasons of failures, a colour for each kind; what is of no kind stays grey.
  reasons:: std.foldl(function(all, c) all + lib.coloured('/^(%s)$/' % c[0], c[1]), [
    ['credentials|api_key|token_rejected|access_denied|unauthorized|identity_provider', lib.purple],
    ['license_exhausted|throttled', lib.yellow],
    ['not_found|client_error|conflict_or_gone|redirected|invalid_response|too_large|expectation|rows', lib.sky],
    ['upgrade_pending|unavailable|server_error', lib.bad],
    ['query_timeout|timeout', lib.warn],
    ['resolve|connect|tls|connection_lost', lib.calm],
  ], {}),

  // What names series that nobody knows beforehand. No colour can be given to each of them: overrides go by name, Grafana's
  // `palette-colorblind` is known to the newest versions only (others before 12.4 show no panel at all), the steps of `shades`
  // are too small to be seen, and the modes `continuous-` give equal values equal colours. So they take the classic palette,
  // and the legend tells the last value of each, by which a line can be found without its colour.
  local free(legend) = legend == '__auto' || std.length([l for l in ['appserver', 'company', 'probe', 'license', 'instance', 'path'] if std.length(std.findSubstr('{{%s}}' % l, legend)) > 0]) > 0,

  // unit: also `a minute` or `an hour`, of what the title names.
  graph(title, description, queries, unit='none', width=12, height=8):: panel('timeseries', title, description, queries, if unit == 'a minute' || unit == 'an hour' then 'short' else unit, width, height) {
    local unknown = std.length([q for q in queries if free(q.legendFormat)]) > 0,
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: if unknown then ['lastNotNull'] else [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    fieldConfig+: {
      defaults+: { color: if unknown then { mode: 'palette-classic' } else { mode: 'fixed', fixedColor: lib.grey }, custom: { lineWidth: 2, fillOpacity: 8, showPoints: 'auto', spanNulls: false } },
      // Of numbers alone: the axis of time has a label, too.
      overrides+: [
        { matcher: { id: 'byType', options: 'number' }, properties: [{ id: 'custom.axisLabel', value: label }] }
        for label in [unit]
        if label == 'a minute' || label == 'an hour'
      ],
    },
  },
  stacked:: { fieldConfig+: { defaults+: { min: 0, custom+: { stacking: { mode: 'normal', group: 'A' }, fillOpacity: 40, lineWidth: 1 } } } },

  heatmap(title, description, expr, unit, width=12, height=8):: panel('heatmap', title, description, [lib.query(expr, '{{le}}') + { format: 'heatmap' }], unit, width, height) {
    options: {
      calculate: false,
      cellGap: 1,
      color: { mode: 'scheme', scheme: 'Blues', steps: 64, exponent: 0.5, reverse: false },
      yAxis: { axisPlacement: 'left', unit: unit },
      legend: { show: true },
      tooltip: { show: true, yHistogram: false },
    },
  },

  // Twenty names at most on a page: of so many the narrowest line can still be read.
  timeline(title, description, queries, width=24, height=8):: panel('state-timeline', title, description, queries, 'none', width, height) {
    options: { mergeValues: true, showValue: 'never', rowHeight: 0.8, perPage: std.min(20, 2 * height - 4), legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'single' } },
    fieldConfig+: { defaults+: { custom: { fillOpacity: 90, lineWidth: 0 } } },
  },

  // columns: [[field, title, unit, properties], ...] in their order; the fields of `without` are left out, as is the time.
  table(title, description, queries, columns, width=24, height=10, without=[])::
    local names = [c[0] for c in columns];
    panel('table', title, description, queries, 'none', width, height) {
      options: { showHeader: true, cellHeight: 'sm', footer: { show: false } },
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'organize',
          options: {
            excludeByName: { [name]: true for name in ['Time', '__name__', 'job', 'instance'] + without if !std.member(names, name) },
            indexByName: { [names[i]]: i for i in std.range(0, std.length(names) - 1) },
            renameByName: { [c[0]]: c[1] for c in columns },
          },
        },
      ],
      fieldConfig+: { overrides+: [
        { matcher: { id: 'byName', options: c[1] }, properties: [{ id: 'unit', value: c[2] }] + (if std.length(c) > 3 then c[3] else []) }
        for c in columns
        if std.length(c) > 2
      ] },
    },
  // By a column's title.
  sorted(title, desc=false):: { options+: { sortBy: [{ displayName: title, desc: desc }] } },
  // Properties of a column: its values as words, on a coloured ground; its ground coloured from values on; its width; where a
  // click on it leads.
  cell(map):: [
    { id: 'mappings', value: [{ type: 'value', options: { [v]: { text: map[v][0], color: map[v][1], index: 0 } for v in std.objectFields(map) } }] },
    { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
  ],
  ground(steps):: [
    { id: 'thresholds', value: { mode: 'absolute', steps: [{ value: s[0], color: s[1] } for s in steps] } },
    { id: 'color', value: { mode: 'thresholds' } },
    { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
  ],
  wide(pixels):: [{ id: 'custom.width', value: pixels }],
  least(pixels):: [{ id: 'custom.minWidth', value: pixels }],
  leads(title, path):: [{ id: 'links', value: [{ title: title, url: path + '&var-datasource=${datasource}&${__url_time_range}', targetBlank: false }] }],

  row(title):: { type: 'row', title: title, collapsed: false, panels: [], gridPos: { w: 24, h: 1 } },

  // Panels from left to right, a new line where one does not fit.
  local place(panels) = std.foldl(
    function(at, p)
      local fresh = at.x + p.gridPos.w > 24;
      local x = if fresh then 0 else at.x;
      local y = if fresh then at.y + at.h else at.y;
      local h = if fresh then p.gridPos.h else std.max(at.h, p.gridPos.h);
      { x: x + p.gridPos.w, y: y, h: h, panels: at.panels + [p { id: std.length(at.panels) + 1, gridPos+: { x: x, y: y } }] },
    panels,
    { x: 0, y: 0, h: 0, panels: [] }
  ).panels,

  local labels(name, title, metric, by, all) = {
    name: name,
    label: title,
    type: 'query',
    datasource: datasource,
    query: { query: 'label_values(%s%s, %s)' % [metric, if by == '' then '' else '{%s}' % by, name], refId: name },
    definition: 'label_values(%s%s, %s)' % [metric, if by == '' then '' else '{%s}' % by, name],
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: all,
    [if all then 'allValue']: if name == 'company' then '.*' else '.+',
    current: if all then { text: ['All'], value: ['$__all'], selected: true } else {},
    options: [],
  },

  local chain = [
    ['job', 'Job', 'epicor_exporter_build_info', ''],
    ['instance', 'Instance', 'epicor_exporter_build_info', 'job=~"$job"'],
    ['appserver', 'App server', 'epicor_requests_in_flight', 'job=~"$job", instance=~"$instance"'],
    ['company', 'Company', 'epicor_probe_info', lib.appserver],
    ['probe', 'Probe', 'epicor_probe_info', lib.appserver + ', company=~"$company"'],
  ],

  // depth: how many of job, agent, app server, company and probe the board selects by; one: the last begins with its first
  // value, where the others begin with all.
  board(name, title, description, depth, panels, one=false):: {
    uid: 'epicor-' + name,
    title: 'Epicor / ' + title,
    description: description,
    tags: ['epicor'],
    editable: false,
    graphTooltip: 1,
    schemaVersion: 39,
    timezone: 'browser',
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    links: [{ type: 'dashboards', title: 'Epicor', tags: ['epicor'], asDropdown: false, includeVars: true, keepTime: true, targetBlank: false, icon: 'external link', tooltip: '', url: '' }],
    annotations: { list: [] },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', refresh: 1, options: [], current: {} }]
            + [labels(chain[i][0], chain[i][1], chain[i][2], chain[i][3], !(one && i == depth - 1)) for i in std.range(0, depth - 1)],
    },
    panels: place(panels),
  },
}
