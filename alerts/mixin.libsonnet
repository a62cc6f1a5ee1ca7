// Rules and boards in the form of the monitoring mixins (https://monitoring.mixins.dev):
//   (import 'alerts/mixin.libsonnet') { _config+:: { baseUrl: 'https://wiki.example.com/epicor' } }
{
  _config:: {
    // Where your runbooks and boards are: runbooks/NAME.md and d/NAME below it.
    baseUrl: 'https://epicor-exporter.example',
  },

  local groups = std.parseYaml(std.strReplace(importstr 'epicor.rules.yml', 'https://epicor-exporter.example', $._config.baseUrl)).groups,
  local only(key) = [
    group { rules: [rule for rule in group.rules if std.objectHas(rule, key)] }
    for group in groups
    if std.length([rule for rule in group.rules if std.objectHas(rule, key)]) > 0
  ],

  prometheusAlerts+:: { groups+: only('alert') },
  prometheusRules+:: { groups+: only('record') },
  grafanaDashboards+:: {
    'fleet.json': import '../dashboards/fleet.jsonnet',
    'probe.json': import '../dashboards/probe.jsonnet',
    'authentication.json': import '../dashboards/authentication.jsonnet',
    'licenses.json': import '../dashboards/licenses.jsonnet',
    'agent.json': import '../dashboards/agent.jsonnet',
  },
}
