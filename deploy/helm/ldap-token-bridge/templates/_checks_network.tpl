{{/* Who reaches the bridge, and whom it reaches. */}}
{{- define "bridge.problems.network" -}}
{{- $problems := list -}}
{{- $bridge := .Values.bridge -}}
{{- $service := .Values.service -}}
{{- if and $service.loadBalancerSourceRanges (ne $service.type "LoadBalancer") -}}
{{- $problems = append $problems "service.loadBalancerSourceRanges holds for service.type LoadBalancer alone: it would keep nobody away." -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- if not .Values.ingress.host -}}
{{- $problems = append $problems "ingress.host is missing: the host of the registry's realm." -}}
{{- end -}}
{{- if not (or ($bridge.server | default dict).trusted_proxies (hasKey .Values.secretEnv "LTB_SERVER__TRUSTED_PROXIES")) -}}
{{- $problems = append $problems "bridge.server.trusted_proxies is missing, and ingress.enabled is set. All clients would count as one address: after 100 wrong passwords in a minute, by anybody, everyone waits. Write the network of the controller's Pods, as in [10.20.0.0/16]." -}}
{{- end -}}
{{- if and .Values.ingress.host (contains (printf "://%s/" .Values.ingress.host) .Values.test.url) (not (has "/bundle.pem" .Values.ingress.paths)) -}}
{{- $problems = append $problems "ingress.paths lacks /bundle.pem, which `helm test` reads at test.url. Add it: the bundle is no secret." -}}
{{- end -}}
{{- end -}}
{{- $metrics := .Values.metrics -}}
{{- if and $metrics.serviceMonitor.enabled (not $metrics.enabled) -}}
{{- $problems = append $problems "metrics.serviceMonitor.enabled needs metrics.enabled." -}}
{{- end -}}
{{- if and $metrics.prometheusRule.enabled (not $metrics.serviceMonitor.enabled) -}}
{{- $problems = append $problems "metrics.prometheusRule.enabled needs metrics.serviceMonitor.enabled: its alerts go by the job that this names. Without one take deploy/prometheus/alerts.yaml." -}}
{{- end -}}
{{- if and .Values.test.existingSecret (ne (include "bridge.scheme" .) "HTTPS") (not (hasPrefix "https://" .Values.test.url)) -}}
{{- $problems = append $problems "test.existingSecret needs tls, or a test.url with https://: a password is not sent in the clear." -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
{{- if .enabled -}}
{{- if and $metrics.enabled (not .metricsFrom) -}}
{{- $problems = append $problems "networkPolicy.metricsFrom is empty, so nobody could read the metrics. Name your Prometheus, as in [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]." -}}
{{- end -}}
{{- range $section, $targets := include "bridge.targets" $ | fromJson -}}
{{- $ports := index $.Values.networkPolicy $section "ports" -}}
{{- range $targets -}}
{{- if and $ports .address (not (has (toString .port) (toStrings $ports))) -}}
{{- $problems = append $problems (printf "networkPolicy.%s.ports lacks %v, the port of %s. Add it, or leave the list out: then it is made of the addresses under bridge." $section .port .address) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $others := list -}}
{{- range $name, $issuer := $bridge.workloads -}}
{{- if not $issuer.jwks_file -}}
{{- $others = append $others (printf "the keys of bridge.workloads.%s" $name) -}}
{{- end -}}
{{- end -}}
{{- if ($bridge.tracing | default dict).otlp_endpoint -}}
{{- $others = append $others "bridge.tracing.otlp_endpoint" -}}
{{- end -}}
{{- if and $others (not .extraEgress) -}}
{{- $problems = append $problems (printf "networkPolicy.extraEgress is empty, so bridges could not reach %s. Let them out, as in [{to: [{ipBlock: {cidr: 10.0.1.0/24}}], ports: [{port: 443, protocol: TCP}]}]." (join " and " $others)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end }}
