// Rules and boards in the form of the monitoring mixins (https://monitoring.mixins.dev); nothing else needs to be vendored:
//   (import 'alerts/mixin.libsonnet') { _config+:: { baseUrl: 'https://wiki.example.com/epicor', alertLabels: { team: 'erp' } } }
// There is no selector: the names of the metrics are ours alone, so the rules are about every agent that Prometheus scrapes,
// under whatever job, and the boards choose by job.
{
  _config:: {
    // Where your runbooks and boards are: runbooks/NAME.md and d/NAME below it.
    baseUrl: 'https://epicor-exporter.example',
    // Labels that every alert carries besides its own.
    alertLabels: {},
    // By these tags the boards find each other.
    dashboardTags: ['epicor'],
  },

  local config = $._config,
  local groups = std.parseYaml(std.strReplace(importstr 'epicor.rules.yml', 'https://epicor-exporter.example', config.baseUrl)).groups,
  local only(key, more) = [
    group { rules: [rule + more for rule in group.rules if std.objectHas(rule, key)] }
    for group in groups
    if std.length([rule for rule in group.rules if std.objectHas(rule, key)]) > 0
  ],
  local tagged(board) = board { tags: config.dashboardTags, links: [link { tags: config.dashboardTags } for link in super.links] },

  prometheusAlerts+:: { groups+: only('alert', { labels+: config.alertLabels }) },
  prometheusRules+:: { groups+: only('record', {}) },
  grafanaDashboards+:: {
    'fleet.json': tagged(import '../dashboards/fleet.jsonnet'),
    'probe.json': tagged(import '../dashboards/probe.jsonnet'),
    'authentication.json': tagged(import '../dashboards/authentication.jsonnet'),
    'licenses.json': tagged(import '../dashboards/licenses.jsonnet'),
    'agent.json': tagged(import '../dashboards/agent.jsonnet'),
  },
}
