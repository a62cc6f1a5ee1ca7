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

  stat(title, description, expr, unit='none', width=4, height=4):: panel('stat', title, description, [lib.query(expr, '', true)], unit, width, height) {
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: 'background',
      graphMode: 'none',
      textMode: 'value',
      justifyMode: 'center',
    },
  },

  graph(title, description, queries, unit='none', width=12, height=8):: panel('timeseries', title, description, queries, unit, width, height) {
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
    fieldConfig+: { defaults+: { custom: { lineWidth: 2, fillOpacity: 8, showPoints: 'auto', spanNulls: false } } },
  },
  stacked:: { fieldConfig+: { defaults+: { custom+: { stacking: { mode: 'normal', group: 'A' }, fillOpacity: 40, lineWidth: 1 } } } },

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

  timeline(title, description, queries, width=24, height=8):: panel('state-timeline', title, description, queries, 'none', width, height) {
    options: { mergeValues: true, showValue: 'never', rowHeight: 0.8, legend: { displayMode: 'list', placement: 'bottom', showLegend: true }, tooltip: { mode: 'single' } },
    fieldConfig+: { defaults+: { custom: { fillOpacity: 90, lineWidth: 0 } } },
  },

  // columns: [[field, title, unit], ...] in their order; all other fields are left out.
  table(title, description, queries, columns, width=24, height=10):: panel('table', title, description, queries, 'none', width, height) {
    options: { showHeader: true, cellHeight: 'sm', footer: { show: false } },
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true, __name__: true, job: true, instance: !std.member([c[0] for c in columns], 'instance') },
          indexByName: { [columns[i][0]]: i for i in std.range(0, std.length(columns) - 1) },
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
  // A property of a column: its values as words, on a coloured ground.
  cell(map):: [
    { id: 'mappings', value: [{ type: 'value', options: { [v]: { text: map[v][0], color: map[v][1], index: 0 } for v in std.objectFields(map) } }] },
    { id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } },
  ],

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

  local labels(name, title, metric, by) = {
    name: name,
    label: title,
    type: 'query',
    datasource: datasource,
    query: { query: 'label_values(%s%s, %s)' % [metric, if by == '' then '' else '{%s}' % by, name], refId: name },
    definition: 'label_values(%s%s, %s)' % [metric, if by == '' then '' else '{%s}' % by, name],
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: if name == 'company' then '.*' else '.+',
    current: { text: ['All'], value: ['$__all'], selected: true },
    options: [],
  },

  local chain = [
    ['job', 'Job', 'epicor_exporter_build_info', ''],
    ['instance', 'Agent', 'epicor_exporter_build_info', 'job=~"$job"'],
    ['appserver', 'App server', 'epicor_requests_in_flight', 'job=~"$job", instance=~"$instance"'],
    ['company', 'Company', 'epicor_probe_info', lib.appserver],
    ['probe', 'Probe', 'epicor_probe_info', lib.appserver + ', company=~"$company"'],
  ],

  // depth: how many of job, agent, app server, company and probe the board selects by.
  board(name, title, description, depth, panels):: {
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
            + [labels(chain[i][0], chain[i][1], chain[i][2], chain[i][3]) for i in std.range(0, depth - 1)],
    },
    panels: place(panels),
  },
}
